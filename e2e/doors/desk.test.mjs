/** The desk as somebody uses it who sits at it all day: by keys, in bulk, with a way back, beside a colleague. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { noFaults, picture, signIn, somebody } from '../support/desk.mjs';
import { png } from '../support/pictures.mjs';
import { start } from '../support/server.mjs';

let server;
let browser;
let helena;
let aino;
let channel;
let workspace;
let cookie;

async function call(method, path, body, headers = {}) {
	const answer = await fetch(`${server.url}${path}`, { method, headers: { 'content-type': 'application/json', 'x-requested-with': 'ennakoi', ...(cookie ? { cookie } : {}), ...(workspace ? { 'x-ennakoi-workspace': workspace } : {}), ...headers }, body: body && JSON.stringify(body) });
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
	return { json: text ? JSON.parse(text) : null, headers: answer.headers };
}

/** A customer of the widget who wants a person. */
async function customer(name, text) {
	const { token } = (await call('POST', `/widget/v1/${channel.public_key}/visitor`, { locale: 'fi' })).json;
	const headers = { authorization: `Visitor ${token}`, cookie: '' };
	const say = (body) => call('POST', '/widget/v1/messages', { client_key: `${Math.random()}`, body }, headers);
	await call('PATCH', '/widget/v1/visitor', { name }, headers);
	const first = (await say(text)).json;
	return { say, id: first.conversation_id };
}

before(async () => {
	server = await start();
	browser = await launch();
	const signed = await call('POST', '/api/v1/session', { email: 'owner@localhost', password: server.password });
	cookie = signed.headers.get('set-cookie').split(';')[0];
	workspace = (await call('POST', '/api/v1/workspaces', { name: 'Pellavala' })).json.workspace.id;
	await call('PATCH', '/api/v1/profile', { locale: 'fi', name: 'Helena Rautio' });
	await call('POST', '/api/v1/queues', { name: 'Asiakaspalvelu', skills: [], members: [], is_default: true });
	channel = (await call('POST', '/api/v1/channels', { kind: 'chat', name: 'Verkkokauppa', settings: { mode: 'person_only' } })).json;
	await call('POST', '/api/v1/canned-answers', { shortcut: 'kiitos', title: 'Kiitos', body: { fi: 'Kiitos viestistäsi, {{first_name}}!' }, shared: true });
	await call('POST', '/api/v1/labels', { name: 'palautus', color: '#b42318' });
	await call('POST', '/api/v1/imports/articles?publish=true&locale=fi', { text: '# Miten palautan tuotteen?\n\nTäytä palautuslomake.\n' });
	const invited = (await call('POST', '/api/v1/invitations', { email: 'aino@example.fi', role: 'agent' })).json;
	helena = await somebody(browser, server.url, { bypassCSP: true, permissions: ['notifications', 'clipboard-read', 'clipboard-write'] });
	await signIn(helena, 'owner@localhost', server.password);
	await helena.waitForURL(/\/app\/inbox/);
	aino = await somebody(browser, server.url);
	await aino.goto(invited.link);
	await aino.getByLabel('Nimi').fill('Aino Savela');
	await aino.getByLabel('Salasana').fill('kolme sinistä pöllöä');
	await aino.getByRole('button', { name: 'Liity' }).click();
	await aino.waitForURL(/\/app\/inbox/);
});
after(async () => {
	await browser?.close();
	server?.stop();
});

const row = (page, name) => page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
const reply = (page) => page.getByRole('textbox', { name: 'Vastaa' });
const toast = (page, text) => page.locator('.toast', { hasText: text });
const open = async (page, view, name) => {
	await page.goto(`${server.url}/app/inbox/${view}`);
	await row(page, name).locator('a').click();
	await page.getByRole('heading', { level: 2, name }).first().waitFor();
};

test('a draft waits on the server, and the signs /, #, : and @ offer what they stand for', async () => {
	const liisa = await customer('Liisa Virta', 'Haluan palauttaa kengät');
	await open(helena, 'unassigned', 'Liisa Virta');
	await helena.keyboard.press('r');
	await helena.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await helena.keyboard.type('/kii');
	await helena.getByRole('option', { name: /kiitos/ }).waitFor();
	await helena.keyboard.press('Enter');
	await helena.waitForFunction(() => document.querySelector('textarea')?.value === 'Kiitos viestistäsi, Liisa! ');
	await helena.keyboard.type('#palau');
	await helena.getByRole('option', { name: /Miten palautan/ }).waitFor();
	await helena.keyboard.press('Tab');
	await helena.waitForFunction(() => /\[Miten palautan tuotteen\?\]\(http.*\/help\/pellavala\/fi\/a\/miten-palautan-tuotteen\) $/.test(document.querySelector('textarea')?.value));
	await helena.keyboard.type(':hym');
	await helena.getByRole('option').first().waitFor();
	await helena.keyboard.press('Enter');
	const written = await reply(helena).inputValue();
	assert.match(written, /\p{Emoji_Presentation} $/u);
	await helena.getByText('Luonnos tallessa').waitFor();
	await accessible(helena, 'composer with a draft');
	await helena.reload();
	await reply(helena).waitFor();
	await helena.waitForFunction((text) => document.querySelector('textarea')?.value === text, written);
	// A note has a ground and a draft of its own, and mentions a colleague.
	await helena.getByRole('tab', { name: 'Lappu' }).click();
	await helena.keyboard.type('Katsotko @ain');
	await helena.getByRole('option', { name: /Aino Savela/ }).waitFor();
	await helena.keyboard.press('Enter');
	await picture(helena, 'desk-note');
	await helena.keyboard.press('Control+Enter');
	await helena.getByText('Katsotko @Aino Savela').last().waitFor();
	await aino.goto(`${server.url}/app/inbox/mentions`);
	await row(aino, 'Liisa Virta').waitFor();
	// A picture that is pasted goes along.
	await helena.getByRole('tab', { name: /^Vastaa/ }).click();
	await helena.evaluate((bytes) => {
		const data = new DataTransfer();
		data.items.add(new File([new Uint8Array(bytes)], 'kuva.png', { type: 'image/png' }));
		document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
	}, [...png(40, 30, [10, 90, 80])]);
	await helena.getByText('kuva.png').first().waitFor();
	await helena.keyboard.press('Control+Enter');
	await helena.locator('[role=log] img[alt="kuva.png"]').waitFor();
	await helena.waitForFunction(() => document.querySelector('textarea')?.value === '');
	await liisa.say('Kiitos!');
	await helena.locator('[role=log]').getByText('Kiitos!', { exact: true }).waitFor();
	noFaults(helena);
});

test('what is typed while the conversation is still coming is kept, below the draft that comes with it', async () => {
	const risto = await customer('Risto Ranta', 'Onko pellavaa varastossa?');
	await call('PUT', `/api/v1/conversations/${risto.id}/draft`, { mode: 'reply', body: 'Hei Risto!', attachment_ids: [] });
	let letGo;
	const held = new Promise((resolve) => (letGo = resolve));
	const address = (url) => url.pathname === `/api/v1/conversations/${risto.id}`;
	await helena.route(address, async (route) => {
		await held;
		await route.continue();
	});
	await helena.goto(`${server.url}/app/inbox/unassigned/${risto.id}`);
	await row(helena, 'Risto Ranta').waitFor();
	await helena.keyboard.press('r');
	// Each of these letters is a key of its own: take, snooze, close.
	await helena.keyboard.type('Mse on.');
	letGo();
	await helena.waitForFunction(() => document.querySelector('textarea')?.value === 'Hei Risto!\n\nMse on.');
	await helena.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	const now = (await call('GET', `/api/v1/conversations/${risto.id}`)).json;
	assert.deepEqual([now.state, now.owner.kind], ['open', 'queue']);
	await helena.unroute(address);
});

test('sent while a file goes up: text and file leave once, together; a file that fails keeps the text', async () => {
	const maija = await customer('Maija Niemi', 'Minulta puuttuu ohje');
	await open(helena, 'unassigned', 'Maija Niemi');
	/** Holds the upload back until told; `how` decides what becomes of it. */
	const held = [];
	await helena.route('**/api/v1/attachments', (route) => held.push(route));
	const paste = (name) =>
		helena.evaluate(
			([name, bytes]) => {
				const data = new DataTransfer();
				data.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/png' }));
				document.querySelector('textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
			},
			[name, [...png(40, 30, [10, 90, 80])]]
		);
	const messages = async () => (await call('GET', `/api/v1/conversations/${maija.id}/messages`)).json.items.filter((one) => one.kind === 'text' && one.direction === 'out' && one.visibility === 'public');
	await helena.keyboard.press('r');
	await helena.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await helena.keyboard.type('Ohje on kuvassa.');
	await paste('ohje.png');
	await helena.getByText('ohje.png').first().waitFor();
	await helena.keyboard.press('Control+Enter');
	await helena.keyboard.press('Control+Enter');
	await helena.getByText('Lähtee, kun tiedosto on perillä').waitFor();
	await picture(helena, 'desk-goes-when-uploaded');
	await accessible(helena, 'an answer that waits for its file');
	assert.equal(await reply(helena).inputValue(), 'Ohje on kuvassa.');
	assert.deepEqual(await messages(), []);
	assert.equal(held.length, 1);
	await held.pop().continue();
	await helena.locator('[role=log] img[alt="ohje.png"]').waitFor();
	await helena.waitForFunction(() => document.querySelector('textarea')?.value === '');
	const [sent, ...more] = await messages();
	assert.deepEqual([sent.body, sent.attachments.length, more.length], ['Ohje on kuvassa.', 1, 0]);

	await reply(helena).fill('Tässä toinen kuva.');
	await paste('toinen.png');
	await helena.getByText('toinen.png').first().waitFor();
	await helena.keyboard.press('Control+Enter');
	await helena.getByText('Lähtee, kun tiedosto on perillä').waitFor();
	await held.pop().abort('connectionfailed');
	await helena.getByText('Lähtee, kun tiedosto on perillä').waitFor({ state: 'detached' });
	await helena.locator('.toast').first().waitFor();
	assert.equal(await reply(helena).inputValue(), 'Tässä toinen kuva.');
	assert.equal((await messages()).length, 1);
	await helena.unroute('**/api/v1/attachments');
	// The text goes when it is sent again, without the file.
	await reply(helena).press('Control+Enter');
	await helena.locator('[role=log]').getByText('Tässä toinen kuva.').waitFor();
	noFaults(helena);
});

test('an answer is taken back within ten seconds, by its key too', async () => {
	await customer('Matti Meri', 'Missä tilaukseni on?');
	await open(helena, 'unassigned', 'Matti Meri');
	await helena.keyboard.press('r');
	await helena.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await helena.keyboard.type('Väärä vastaus');
	await helena.keyboard.press('Control+Enter');
	await helena.locator('[role=log]').getByText('Väärä vastaus').waitFor();
	await helena.keyboard.press('Escape');
	await helena.keyboard.press('z');
	await helena.waitForFunction(() => document.querySelector('textarea')?.value === 'Väärä vastaus');
	await helena.locator('[role=log]').getByText('Väärä vastaus').waitFor({ state: 'detached' });
	// Answered and closed with one stroke, and on to the next; the way back stands in the message.
	await reply(helena).fill('Se lähti tänään.');
	await reply(helena).press('Control+Shift+Enter');
	await toast(helena, 'Vastaus lähti ja keskustelu suljettiin.').getByRole('button', { name: 'Kumoa' }).click();
	await helena.goto(`${server.url}/app/inbox/all`);
	await row(helena, 'Matti Meri').waitFor();
	noFaults(helena);
});

test('many at once, with a way back; the right button and the key for it open the same menu', async () => {
	for (const name of ['Yksi Asiakas', 'Kaksi Asiakas', 'Kolme Asiakas']) await customer(name, 'Hei');
	await helena.goto(`${server.url}/app/inbox/unassigned`);
	for (const name of ['Yksi Asiakas', 'Kaksi Asiakas']) {
		await row(helena, name).hover();
		await row(helena, name).getByRole('checkbox').click();
	}
	await helena.getByText('2 valittu').waitFor();
	await accessible(helena, 'bulk');
	await picture(helena, 'desk-bulk');
	await helena.getByRole('toolbar', { name: 'Valituille' }).getByRole('button', { name: /Sulje/ }).click();
	await toast(helena, '2 keskustelua suljettiin.').waitFor();
	await row(helena, 'Yksi Asiakas').waitFor({ state: 'detached' });
	await toast(helena, '2 keskustelua suljettiin.').getByRole('button', { name: 'Kumoa' }).click();
	await row(helena, 'Yksi Asiakas').waitFor();

	await row(helena, 'Kolme Asiakas').click({ button: 'right' });
	const menu = helena.getByRole('listbox', { name: 'Toiminnot: Kolme Asiakas' });
	await menu.getByRole('option', { name: /Ota itselle/ }).waitFor();
	await accessible(helena, 'row menu');
	await picture(helena, 'desk-row-menu');
	for (const choice of ['Kun asiakas vastaa', 'Tunnin päästä', 'Huomenaamuna', 'Maanantaina', 'Kuukauden päästä', 'Oma aika']) await menu.getByRole('option', { name: choice }).waitFor();
	await menu.getByRole('option', { name: 'Tunnin päästä' }).click();
	await toast(helena, 'Keskustelu torkkuu.').waitFor();
	await row(helena, 'Kolme Asiakas').waitFor({ state: 'detached' });
	await helena.goto(`${server.url}/app/inbox/snoozed`);
	await row(helena, 'Kolme Asiakas').waitFor();
	noFaults(helena);
});

test('two look at one conversation: each sees the other, and what came since stands below a line', async () => {
	const pekka = await customer('Pekka Pouta', 'Ensimmäinen viesti');
	await open(helena, 'unassigned', 'Pekka Pouta');
	await aino.goto(helena.url());
	await helena.getByText('Aino Savela katsoo tätä').first().waitFor({ state: 'attached' });
	await reply(aino).fill('Kirjoitan tässä');
	await reply(aino).press('!');
	await helena.getByText('Aino Savela kirjoittaa vastausta').first().waitFor({ state: 'attached' });
	await picture(helena, 'desk-presence');
	await aino.goto(`${server.url}/app/contacts`);
	await helena.goto(`${server.url}/app/contacts`);
	await pekka.say('Toinen viesti, joka tuli kun katsoit muualle');
	await open(helena, 'all', 'Pekka Pouta');
	await helena.getByText('Uutta sen jälkeen, kun katsoit').waitFor();
	await picture(helena, 'desk-new-line');
	noFaults(helena);
});

test('the command bar, the list of keys, and a key of one’s own', async () => {
	await open(helena, 'all', 'Pekka Pouta');
	await helena.keyboard.press('?');
	await helena.getByRole('dialog', { name: 'Pikanäppäimet' }).waitFor();
	await accessible(helena, 'keys');
	await helena.keyboard.press('Escape');
	await helena.keyboard.press('Control+k');
	const bar = helena.getByRole('combobox', { name: 'Etsi tai tee mitä vain' });
	await bar.fill('palautan');
	await helena.getByRole('option', { name: /Miten palautan tuotteen/ }).waitFor();
	await accessible(helena, 'command bar');
	await bar.fill('palautus');
	await helena.getByRole('option', { name: /Lisää tunniste palautus/ }).click();
	await toast(helena, 'Tunniste lisättiin.').waitFor();
	await helena.goto(`${server.url}/app/profile`);
	await helena.getByRole('button', { name: /^Vaihda näppäin: Kirjoita lappu/ }).click();
	await Promise.all([helena.waitForResponse((answer) => answer.url().endsWith('/profile') && answer.request().method() === 'PATCH'), helena.keyboard.press('w')]);
	await helena.getByRole('button', { name: /^Vaihda näppäin: Kirjoita lappu/ }).getByText('W', { exact: true }).waitFor();
	await open(helena, 'all', 'Pekka Pouta');
	await helena.keyboard.press('w');
	await helena.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	assert.equal(await helena.getByRole('tab', { name: 'Lappu' }).getAttribute('aria-selected'), 'true');
	noFaults(helena);
});

test('a conversation that is given is told of, also while one looks at another tab', async () => {
	await helena.goto(`${server.url}/app/profile`);
	await helena.getByLabel('Työpöydällä, kun katsot muualle').selectOption('all');
	await helena.evaluate(() => {
		window.told = [];
		window.Notification = class {
			static permission = 'granted';
			constructor(title, options) {
				window.told.push(`${title}: ${options.body}`);
			}
			close() {}
		};
		Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
	});
	await customer('Uusi Asiakas', 'Tarvitsen apua');
	await helena.waitForFunction(() => window.told.some((one) => one.includes('Uusi Asiakas')));
	assert.match(await helena.title(), /^\(\d+\) /);
	noFaults(helena);
});

test('the customer keeps the conversation: on paper, as a file, by mail', async () => {
	const page = await somebody(browser, server.url, { bypassCSP: true });
	await page.goto(`${server.url}/demo/pellavala`);
	await page.waitForFunction(() => typeof window.Ennakoi === 'function');
	await page.evaluate(() => window.Ennakoi('open'));
	let frame;
	for (let tries = 0; tries < 600 && !frame; tries++) {
		frame = page.frames().find((one) => one.url().includes('/w/v1/panel/'));
		await page.waitForTimeout(100);
	}
	await frame.locator('#message').fill('Onko teillä sinistä pellavaa?');
	await frame.locator('#message').press('Enter');
	await frame.locator('.mine:not([data-state])').first().waitFor();
	await frame.locator('.aa').click();
	await frame.getByRole('heading', { name: 'Tallenna keskustelu' }).waitFor();
	await frame.getByRole('button', { name: 'Ääni uudesta viestistä' }).click();
	assert.equal(await frame.getByRole('button', { name: 'Ääni uudesta viestistä' }).getAttribute('aria-pressed'), 'true');
	await accessible(frame, 'keeping the conversation');
	await picture(page, 'widget-transcript');
	const [paper] = await Promise.all([page.context().waitForEvent('page'), frame.getByRole('link', { name: 'Avaa tulostettavaksi' }).click()]);
	await paper.getByText('Onko teillä sinistä pellavaa?').waitFor();
	await paper.getByRole('button', { name: 'Tulosta tai tallenna PDF:nä' }).waitFor();
	await accessible(paper, 'the conversation on paper');
	await picture(paper, 'transcript');
	const [file] = await Promise.all([paper.waitForEvent('download'), paper.getByRole('link', { name: 'Lataa tekstinä' }).click()]);
	assert.match(file.suggestedFilename(), /^keskustelu-\d+\.txt$/);
	await frame.getByLabel('Lähetä sähköpostiin').fill('liisa at example');
	await frame.getByRole('button', { name: 'Lähetä', exact: true }).first().click();
	await frame.getByText('Tarkista').first().waitFor();
	assert.equal(await frame.getByLabel('Lähetä sähköpostiin').inputValue(), 'liisa at example');
	await frame.getByLabel('Lähetä sähköpostiin').fill('liisa@example.fi');
	await frame.locator('.paper button').click();
	await frame.getByText('Keskustelu lähtee osoitteeseen liisa@example.fi.').waitFor();
	noFaults(page);
});
