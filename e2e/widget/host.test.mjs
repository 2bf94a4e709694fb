/** The widget on pages that make it hard: strict policies, hostile styles, keys only. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { axe, close, dialog, enter, KEY, kept, launcher, open, overflow, page, panel, press, say, SERVER, stored, until, visitor, words } from './support.mjs';

after(close);

test('before it is opened nothing is stored and only script and configuration are asked for', async () => {
	const context = await visitor();
	const asked = [];
	context.on('request', (request) => request.url().startsWith(SERVER) && asked.push(new URL(request.url()).pathname));
	const tab = await open(context, page());
	const button = await until(() => launcher(tab), 'the launcher');
	assert.equal(button.name, 'Avaa chat');
	assert.equal(button.expanded, false);
	assert.ok(button.box.width >= 44 && button.box.height >= 44, JSON.stringify(button.box));
	assert.deepEqual(asked.map((path) => path.replace(/[0-9a-f-]{36}/, 'KEY')), ['/w/v1/ennakoi.js', '/widget/v1/KEY/config']);
	assert.deepEqual(await kept(tab), []);
	assert.deepEqual(await context.cookies(), []);
	await enter(tab);
	await until(async () => (await kept(tab)).length > 0, 'a token after opening');
	await context.close();
});

const violations = '<script nonce="n">window.violations = []; addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective + " " + event.blockedURI));</script>';

test('works under a strict policy with Trusted Types', async () => {
	const policy = `default-src 'none'; script-src 'nonce-n' ${SERVER}; frame-src ${SERVER}; connect-src ${SERVER}; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
	const context = await visitor();
	const tab = await open(context, page({ head: violations, headers: { 'content-security-policy': policy } }));
	const frame = await enter(tab);
	const text = words('Tiukka sivu');
	await say(frame, text);
	await stored(frame, text);
	assert.deepEqual(await tab.evaluate(() => window.violations), []);
	assert.deepEqual(tab.faults, []);
	await context.close();
});

test('a page that forbids it to ask for its configuration still gets a chat', async () => {
	const policy = `default-src 'none'; script-src ${SERVER}; frame-src ${SERVER}`;
	const context = await visitor();
	const tab = await open(context, page({ headers: { 'content-security-policy': policy } }));
	const frame = await enter(tab);
	await until(async () => (await frame.locator('h1').textContent()) !== '', 'the company’s name');
	await context.close();
});

test('hostile styles change nothing', async () => {
	const hostile = '<style>* { all: unset !important } div, button, span, iframe, ennakoi-widget, body > * { display: none !important; visibility: hidden !important; opacity: 0 !important; transform: scale(0) !important; position: static !important }</style>';
	const context = await visitor();
	const plain = await open(context, page());
	const usual = await until(() => launcher(plain), 'the launcher');
	const tab = await open(context, page({ head: hostile }));
	const button = await until(() => launcher(tab), 'the launcher');
	assert.deepEqual(button.box, usual.box);
	const frame = await enter(tab);
	assert.ok((await frame.locator('#message').boundingBox()).width > 200);
	await context.close();
});

test('included twice it is there once, and calls made before it came are heard', async () => {
	const stub = `<script>window.Ennakoi=function(){(Ennakoi.q=Ennakoi.q||[]).push(arguments)};window.told=[];Ennakoi('on','ready',()=>told.push('ready'));Ennakoi('on','open',()=>told.push('open'));Ennakoi('open')</script><script async src="${SERVER}/w/v1/ennakoi.js" data-key="${KEY}"></script>`;
	const context = await visitor();
	const tab = await open(context, page({ head: stub }));
	await panel(tab);
	assert.equal(await tab.evaluate(() => document.querySelectorAll('ennakoi-widget').length), 1);
	await until(async () => (await tab.evaluate(() => window.told.join())).includes('ready'), 'ready');
	assert.ok((await tab.evaluate(() => window.told)).includes('open'));
	await context.close();
});

test('opened by a script it takes the focus from nobody', async () => {
	const context = await visitor();
	// Nobody has pressed anything: the page itself opens the chat when it is ready.
	const head = `<script>window.Ennakoi=function(){(Ennakoi.q=Ennakoi.q||[]).push(arguments)};Ennakoi('on','ready',()=>Ennakoi('open'))</script>`;
	const tab = await open(context, page({ head, body: '<input id="field" autofocus>' }));
	const frame = await panel(tab);
	await until(async () => (await frame.locator('h1').textContent()) !== '', 'the panel drawn');
	assert.equal(await tab.evaluate(() => document.activeElement.id), 'field');
	await context.close();
});

test('by keys alone: open, write, read, settings, close', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	await until(() => launcher(tab), 'the launcher');
	await until(async () => (await tab.keyboard.press('Tab'), (await launcher(tab)).focused), 'the launcher in the order of Tab', 5_000);
	await tab.keyboard.press('Enter');
	const frame = await panel(tab);
	await until(() => frame.evaluate(() => document.activeElement?.id === 'message'), 'the focus where one writes');
	assert.deepEqual(await dialog(tab), { name: `Chat – ${await frame.locator('h1').textContent()}`, modal: false });
	const text = words('Näppäimillä');
	await tab.keyboard.type(text);
	await tab.keyboard.press('Enter');
	await stored(frame, text);
	const log = frame.getByRole('log');
	assert.equal(await log.getAttribute('aria-live'), 'polite');
	for (let step = 0; step < 12 && !(await frame.evaluate(() => document.activeElement?.classList.contains('aa'))); step += 1) await tab.keyboard.press('Shift+Tab');
	await tab.keyboard.press('Enter');
	await frame.locator('#tools').waitFor();
	for (const expected of ['', 'A−', 'A', 'A+']) {
		await tab.keyboard.press('Tab');
		assert.equal(await frame.evaluate(() => document.activeElement?.textContent), expected);
	}
	const before = await frame.evaluate(() => getComputedStyle(document.querySelector('#message')).fontSize);
	await tab.keyboard.press('Enter');
	assert.ok(parseFloat(await frame.evaluate(() => getComputedStyle(document.querySelector('#message')).fontSize)) > parseFloat(before));
	await tab.keyboard.press('Escape');
	const button = await until(async () => ((await launcher(tab)).focused ? launcher(tab) : null), 'the focus back on the launcher');
	assert.equal(button.expanded, false);
	await context.close();
});

for (const [lang, name] of [['fi', 'Viesti'], ['sv', 'Meddelande'], ['en', 'Message']]) {
	for (const colorScheme of ['light', 'dark']) {
		test(`no rule of accessibility is broken: ${lang}, ${colorScheme}`, async () => {
			const context = await visitor({ colorScheme });
			const tab = await open(context, page({ lang }));
			const frame = await enter(tab);
			await frame.getByRole('textbox', { name, exact: true }).waitFor();
			assert.equal(await frame.evaluate(() => document.documentElement.lang), lang);
			assert.deepEqual(await axe(frame), []);
			const text = words('Miten palautan tuotteen?');
			await say(frame, text);
			await stored(frame, text);
			await frame.locator('.aa').click();
			assert.deepEqual(await axe(frame), []);
			await frame.locator('#tools > button').click();
			assert.deepEqual(await axe(frame), []);
			await context.close();
		});
	}
}

test('at 320 pixels it is modal, fits, also with text twice as large, and gives the page back', async () => {
	const context = await visitor({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
	const tab = await open(context, page());
	const frame = await enter(tab);
	assert.equal((await dialog(tab)).modal, true);
	assert.equal(await tab.evaluate(() => document.querySelector('h1').inert), true);
	await frame.locator('#message').fill('Pitkäsanainenepäjärjestelmällistyttämättömyydelläänsäkäänköhän '.repeat(3));
	await frame.locator('.send').click();
	await frame.locator('.mine').first().waitFor();
	assert.equal(await overflow(frame), 0);
	await frame.locator('.aa').click();
	for (let step = 0; step < 5; step += 1) await frame.locator('.sizes button').nth(2).click();
	assert.equal(await frame.evaluate(() => document.documentElement.style.fontSize), '200%');
	assert.equal(await overflow(frame), 0);
	for (const part of ['#message', '.send', '.bar .plain >> nth=1']) {
		const box = await frame.locator(part).boundingBox();
		assert.ok(box.x >= 0 && box.x + box.width <= 320 && box.y >= 0 && box.y + box.height <= 640, `${part} ${JSON.stringify(box)}`);
	}
	await frame.locator('.bar .plain').nth(1).click();
	await until(async () => (await launcher(tab))?.expanded === false, 'the launcher');
	assert.equal(await tab.evaluate(() => document.querySelector('h1').inert), false);
	await context.close();
});

test('in forced colours and without motion it can be seen', async () => {
	const context = await visitor({ forcedColors: 'active', reducedMotion: 'reduce' });
	const tab = await open(context, page());
	const frame = await enter(tab);
	const text = words('Pakotetut värit');
	await say(frame, text);
	assert.notEqual(await frame.locator('.mine .bubble').first().evaluate((bubble) => getComputedStyle(bubble).borderTopStyle), 'none');
	assert.equal(await frame.evaluate(() => [...document.getAnimations()].filter((animation) => animation.playState === 'running').length), 0);
	await context.close();
});
