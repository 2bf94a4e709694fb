/** What is promised, what happens by itself, what happens at one touch: as a supervisor sets it up and an agent meets it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { noFaults, picture, signIn, somebody } from '../support/desk.mjs';
import { start } from '../support/server.mjs';

let server;
let browser;
let helena;
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
	helena = await somebody(browser, server.url, { bypassCSP: true });
	await signIn(helena, 'owner@localhost', server.password);
	await helena.waitForURL(/\/app\/inbox/);
});
after(async () => {
	await browser?.close();
	server?.stop();
});

const row = (page, name) => page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
const toast = (page, text) => page.locator('.toast', { hasText: text });
const dialog = (page) => page.getByRole('dialog');
const open = async (page, view, name) => {
	await page.goto(`${server.url}/app/inbox/${view}`);
	await row(page, name).locator('a').click();
	await page.getByRole('heading', { level: 2, name }).first().waitFor();
};

test('a service level is set up, its clock is seen, and the breach is shown', async () => {
	await helena.goto(`${server.url}/app/settings/service`);
	await helena.getByRole('button', { name: 'Uusi palvelutaso' }).click();
	await dialog(helena).getByLabel('Nimi').fill('Perus');
	await dialog(helena).getByRole('spinbutton', { name: 'Ensimmäinen vastaus' }).fill('2');
	await dialog(helena).getByRole('combobox', { name: 'Yksikkö: Ensimmäinen vastaus' }).selectOption('minutes');
	await dialog(helena).getByRole('spinbutton', { name: 'Ratkaisu' }).fill('8');
	await dialog(helena).getByLabel('Varoita, kun ajasta on kulunut (%)').fill('10');
	await accessible(helena, 'the editor of a service level');
	await picture(helena, 'service-level-editor');
	await dialog(helena).getByRole('button', { name: 'Tallenna' }).click();
	await helena.getByText('Ensimmäinen vastaus 2 min').waitFor();
	await accessible(helena, 'service levels');
	await picture(helena, 'service-levels');

	await customer('Liisa Virta', 'Missä pakettini on?');
	await open(helena, 'unassigned', 'Liisa Virta');
	const clocks = helena.getByRole('button', { name: /Kellot ja lupaukset, Ensimmäinen vastaus/ });
	await clocks.click();
	await helena.getByText('Aika aukioloaikoina.').waitFor();
	await helena.getByText(/\/ 8 h 0 min/).waitFor();
	await accessible(helena, 'the clocks of a conversation');
	await picture(helena, 'service-clocks');
	// A promise of one's own, kept with a tap.
	await helena.getByRole('button', { name: 'Lupaa jotain' }).click();
	await helena.getByLabel('Mitä lupaat?').fill('Soitan huomenna');
	await helena.getByRole('button', { name: 'Lupaa', exact: true }).click();
	await helena.getByRole('button', { name: 'Pidetty' }).waitFor();
	await picture(helena, 'service-promise');
	await helena.keyboard.press('Escape');
	await helena.goto(`${server.url}/app/inbox/promised`);
	await row(helena, 'Liisa Virta').waitFor();
	// The warning comes after twelve seconds, the breach after two minutes.
	await helena.goto(`${server.url}/app/inbox/breaching`);
	await row(helena, 'Liisa Virta').waitFor({ timeout: 60_000 });
	await row(helena, 'Liisa Virta').getByText(/myöhässä/).waitFor({ timeout: 200_000 });
	await accessible(helena, 'what is about to be late');
	await picture(helena, 'service-breaching');
	noFaults(helena);
});

test('a rule is tried on the past, works by itself, and the thread says so', async () => {
	await customer('Matti Meikä', 'Haluan palauttaa paidan');
	await helena.goto(`${server.url}/app/settings/rules`);
	await helena.getByRole('button', { name: 'Uusi sääntö' }).click();
	await dialog(helena).getByLabel('Nimi').fill('Palautukset');
	await dialog(helena).getByRole('button', { name: 'Lisää ehto' }).click();
	await dialog(helena).getByRole('combobox', { name: 'Mikä', exact: true }).selectOption('message_text');
	await dialog(helena).getByRole('textbox', { name: 'Arvo' }).fill('palaut');
	await dialog(helena).getByRole('button', { name: 'Lisää toimi' }).click();
	await dialog(helena).getByRole('combobox', { name: 'Mitä tehdään' }).selectOption('label');
	await dialog(helena).getByRole('button', { name: 'Lisää toimi' }).click();
	await dialog(helena).getByRole('combobox', { name: 'Mitä tehdään' }).nth(1).selectOption('priority');
	await dialog(helena).getByRole('button', { name: /Mihin tämä olisi osunut/ }).click();
	await dialog(helena).getByRole('link', { name: /Matti Meikä/ }).waitFor();
	await accessible(helena, 'the editor of a rule');
	await picture(helena, 'rule-editor');
	await dialog(helena).getByRole('button', { name: 'Tallenna' }).click();
	await helena.getByText(/asiakas kirjoittaa → Lisää tunniste: palautus/).waitFor();
	await accessible(helena, 'rules');
	await picture(helena, 'rules');

	await customer('Raija Ranta', 'Miten palautan kengät?');
	await open(helena, 'all', 'Raija Ranta');
	await helena.getByText(/Sääntö Palautukset teki tämän: lisää tunniste, aseta kiireellisyys/).waitFor();
	await row(helena, 'Raija Ranta').getByText('palautus', { exact: true }).waitFor();
	await accessible(helena, 'a thread in which a rule worked');
	await picture(helena, 'rule-thread');
	noFaults(helena);
});

test('a macro is made, shown, run by a key and in bulk, and taken back', async () => {
	await helena.goto(`${server.url}/app/settings/macros`);
	await helena.getByRole('button', { name: 'Uusi makro' }).click();
	await dialog(helena).getByLabel('Nimi').fill('Kiitä ja sulje');
	await dialog(helena).getByRole('button', { name: 'Lisää toimi' }).click();
	await dialog(helena).getByRole('button', { name: 'Lisää toimi' }).click();
	await dialog(helena).getByRole('combobox', { name: 'Mitä tehdään' }).nth(1).selectOption('close');
	await accessible(helena, 'the editor of a macro');
	await picture(helena, 'macro-editor');
	await dialog(helena).getByRole('button', { name: 'Tallenna' }).click();
	await helena.getByText(/kiitos → Sulje/).waitFor();

	await customer('Ville Vire', 'Kiitos avusta');
	await open(helena, 'all', 'Ville Vire');
	await helena.keyboard.press('Shift+M');
	await helena.getByRole('option', { name: /Kiitä ja sulje/ }).click();
	await dialog(helena).getByText('Kiitos viestistäsi, Ville!').waitFor();
	await accessible(helena, 'the preview of a macro');
	await picture(helena, 'macro-preview');
	await dialog(helena).getByRole('button', { name: 'Tee' }).click();
	await toast(helena, 'Makro Kiitä ja sulje tehtiin.').waitFor();
	await helena.getByRole('log').or(helena.locator('main')).getByText('Kiitos viestistäsi, Ville!').first().waitFor();
	await toast(helena, 'Makro Kiitä ja sulje tehtiin.').getByRole('button', { name: 'Kumoa' }).click();
	await helena.getByRole('button', { name: 'Sulje', exact: true }).first().waitFor();
	// The same from the commands.
	await helena.keyboard.press('Control+k');
	await helena.getByRole('combobox', { name: /komento/i }).or(dialog(helena).getByRole('combobox')).first().fill('kiitä');
	await helena.getByRole('option', { name: /Makro: Kiitä ja sulje/ }).click();
	await dialog(helena).getByRole('button', { name: 'Tee' }).waitFor();
	await helena.keyboard.press('Escape');
	noFaults(helena);
});

test('a figure of the report opens into its cases', async () => {
	const raija = await customer('Raisa Rauta', 'Onko kenkiä koossa 38?');
	await call('POST', `/api/v1/conversations/${raija.id}/messages`, { client_key: 'r', body: 'On!', visibility: 'public' });
	await helena.goto(`${server.url}/app/reports`);
	const tile = helena.getByRole('button', { name: /^Ensimmäinen vastaus/ });
	await tile.waitFor();
	await helena.getByRole('heading', { name: /Ensimmäinen vastaus: puolet/ }).waitFor();
	await helena.getByRole('link', { name: /Raisa Rauta/ }).waitFor();
	await accessible(helena, 'the report');
	await picture(helena, 'report');
	await helena.getByRole('button', { name: /^Alkaneet/ }).click();
	await helena.getByRole('combobox', { name: 'Ryhmittely' }).selectOption('channel');
	await helena.getByRole('button', { name: 'Verkkokauppa', exact: true }).click();
	await helena.getByRole('heading', { name: 'Tapaukset: Alkaneet, Verkkokauppa' }).waitFor();
	await helena.getByRole('link', { name: /Liisa Virta/ }).waitFor();
	const download = helena.waitForEvent('download');
	await helena.getByRole('button', { name: 'CSV' }).first().click();
	assert.equal((await download).suggestedFilename(), 'opened-channel.csv');
	await accessible(helena, 'the report by channel');
	await picture(helena, 'report-channels');
	await helena.setViewportSize({ width: 360, height: 760 });
	await accessible(helena, 'the report on a phone');
	await picture(helena, 'report-narrow');
	assert.ok(await helena.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than a phone');
	noFaults(helena);
});
