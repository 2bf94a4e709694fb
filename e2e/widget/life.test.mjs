/** A conversation through reloads, broken lines, several tabs, languages and sign-outs. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { close, cut, enter, kept, KEY, launcher, onServer, open, page, panel, press, say, SERVER, stored, token, until, visitor, words } from './support.mjs';

after(close);

test('a reload keeps the conversation', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	const text = words('Säilyykö tämä?');
	const frame = await enter(tab);
	await say(frame, text);
	await stored(frame, text);
	await tab.reload();
	await stored(await enter(tab), text);
	assert.deepEqual(await onServer(tab), [text]);
	await context.close();
});

test('a draft survives a reload', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	const frame = await enter(tab);
	await frame.locator('#message').fill('kesken');
	await until(async () => (await kept(tab)).some((name) => name.endsWith('.draft')), 'the draft');
	await tab.reload();
	await until(async () => (await (await panel((await press(tab), tab))).locator('#message').inputValue()) === 'kesken', 'the draft again');
	await context.close();
});

test('what is written without a connection waits through a reload, then goes out once, in order', async () => {
	const context = await visitor();
	const line = await cut(context);
	line.mend();
	const tab = await open(context, page());
	let frame = await enter(tab);
	const [first, second, third] = [words('ensin'), words('katkon aikana'), words('vielä')];
	await say(frame, first);
	await stored(frame, first);
	await line.again();
	await frame.locator('.notice[data-kind=offline]').waitFor();
	await say(frame, second);
	await say(frame, third);
	await frame.locator('.delivery', { hasText: 'yhteys' }).waitFor();
	await tab.reload();
	frame = await enter(tab);
	await frame.locator('.mine', { hasText: third }).waitFor();
	line.mend();
	await stored(frame, second);
	await stored(frame, third);
	await until(async () => (await onServer(tab)).length >= 3, 'all three on the server');
	assert.deepEqual(await onServer(tab), [first, second, third]);
	assert.deepEqual((await frame.locator('.mine .written').allTextContents()), [first, second, third]);
	await context.close();
});

test('an answer that is lost on its way does not double the message', async () => {
	const context = await visitor();
	// Sockets blocked: messages go by HTTP, and the first answer never arrives.
	await cut(context, { requests: false });
	let lost = 0;
	await context.route(/\/widget\/v1\/messages$/, async (route) => {
		const answer = await route.fetch();
		if ((lost += 1) === 1) return route.abort('connectionreset');
		return route.fulfill({ response: answer });
	});
	const tab = await open(context, page());
	const frame = await enter(tab);
	const text = words('kerran vain');
	await say(frame, text);
	await stored(frame, text);
	assert.ok(lost >= 1);
	assert.deepEqual(await onServer(tab), [text]);
	assert.equal(await frame.locator('.mine', { hasText: text }).count(), 1);
	await context.close();
});

test('where sockets are blocked it asks over HTTP', async () => {
	const context = await visitor();
	await cut(context, { requests: false });
	const address = page();
	const tab = await open(context, address);
	const frame = await enter(tab);
	const first = words('ilman pistoketta');
	await say(frame, first);
	await stored(frame, first);
	const headers = { authorization: `Visitor ${await token(tab)}`, 'content-type': 'application/json' };
	const second = words('muualta');
	await fetch(`${SERVER}/widget/v1/messages`, { method: 'POST', headers, body: JSON.stringify({ client_key: second, body: second }) });
	await frame.locator('.mine', { hasText: second }).waitFor();
	await context.close();
});

test('two tabs show one conversation', async () => {
	const context = await visitor();
	const address = page();
	const one = await open(context, address);
	const frame = await enter(one);
	const first = words('ensimmäinen');
	await say(frame, first);
	await stored(frame, first);
	const two = await open(context, address);
	const other = await enter(two);
	await stored(other, first);
	const second = words('toisesta');
	await say(other, second);
	await frame.locator('.mine', { hasText: second }).waitFor();
	await stored(other, second);
	assert.equal(await token(one), await token(two));
	assert.deepEqual(await onServer(one), [first, second]);
	assert.equal(await frame.locator('.mine', { hasText: second }).count(), 1);
	await context.close();
});

test('many tabs share one socket, and when its tab goes, another takes it over', async () => {
	const context = await visitor();
	const sockets = new Set();
	context.on('page', (tab) => tab.on('websocket', (socket) => {
		if (!socket.url().includes('/widget/v1/live')) return;
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		tab.on('close', () => sockets.delete(socket));
	}));
	const address = page();
	const [one, two, three] = [await open(context, address), await open(context, address), await open(context, address)];
	const frames = [await enter(one)];
	const first = words('kaikissa välilehdissä');
	await say(frames[0], first);
	await stored(frames[0], first);
	frames.push(await enter(two), await enter(three));
	for (const frame of frames) await stored(frame, first);
	assert.equal(sockets.size, 1);
	const elsewhere = async (body) => {
		const headers = { authorization: `Visitor ${await token(two)}`, 'content-type': 'application/json' };
		await fetch(`${SERVER}/widget/v1/messages`, { method: 'POST', headers, body: JSON.stringify({ client_key: body, body }) });
	};
	const second = words('muualta kaikille');
	await elsewhere(second);
	for (const frame of frames) await frame.locator('.mine', { hasText: second }).waitFor();
	const third = words('kolmannesta');
	await say(frames[2], third);
	await stored(frames[2], third);
	await frames[0].locator('.mine', { hasText: third }).waitFor();
	await one.close();
	await until(() => sockets.size === 1, 'another tab with the socket');
	const fourth = words('johtajan lähdettyä');
	await elsewhere(fourth);
	for (const frame of frames.slice(1)) await frame.locator('.mine', { hasText: fourth }).waitFor();
	assert.equal(sockets.size, 1);
	assert.deepEqual(await onServer(two), [first, second, third, fourth]);
	for (const tab of [two, three]) assert.deepEqual(tab.faults, []);
	await context.close();
});

test('an answer that comes while it is closed is counted and announced, also after a reload, and read on opening', async (t) => {
	const config = await (await fetch(`${SERVER}/widget/v1/${KEY}/config`)).json();
	if (!config.bot) return t.skip('nobody answers by itself on this channel');
	const context = await visitor();
	// The answer is held back until the panel is closed.
	let closed;
	const shut = new Promise((resolve) => (closed = resolve));
	await context.routeWebSocket(/\/widget\/v1\/live/, (socket) => {
		const server = socket.connectToServer();
		server.onMessage(async (frame) => (await shut, socket.send(frame)));
	});
	const tab = await open(context, page({ head: `<script>window.Ennakoi=function(){(Ennakoi.q=Ennakoi.q||[]).push(arguments)};window.counts=[];window.said=[];Ennakoi('on','unread',(n)=>counts.push(n));Ennakoi('on','message',(m)=>said.push(m))</script>` }));
	const frame = await enter(tab);
	await say(frame, words('Hei'));
	await tab.keyboard.press('Escape');
	await until(async () => !(await launcher(tab)).expanded, 'the closed panel');
	closed();
	const waiting = await until(async () => /\d/.test((await launcher(tab)).name) && launcher(tab), 'the count in the launcher’s name');
	assert.match(waiting.name, /^Avaa chat, uusia viestejä: \d+$/);
	assert.ok((await tab.evaluate(() => window.said)).every((message) => message.author === 'Chatbotti' && message.text.length > 0));
	await tab.reload();
	await until(async () => /\d/.test((await launcher(tab))?.name ?? ''), 'the count after a reload');
	await enter(tab);
	await until(async () => (await tab.evaluate(() => window.counts.at(-1))) === 0, 'read');
	await context.close();
});

test('the visitor chooses a language, and it stays', async () => {
	const context = await visitor();
	const tab = await open(context, page({ lang: 'fi' }));
	const frame = await enter(tab);
	await frame.locator('.aa').click();
	await frame.locator('select').selectOption('sv');
	await frame.getByRole('textbox', { name: 'Meddelande', exact: true }).waitFor();
	assert.equal(await frame.evaluate(() => document.documentElement.lang), 'sv');
	await tab.keyboard.press('Escape');
	await tab.reload();
	assert.equal((await until(() => launcher(tab), 'the launcher')).name, 'Öppna chatten');
	await context.close();
});

test('after a sign-out the next person finds nothing', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	const frame = await enter(tab);
	const text = words('salaisuus');
	await say(frame, text);
	await stored(frame, text);
	const before = await token(tab);
	await tab.evaluate(() => window.Ennakoi('shutdown'));
	assert.deepEqual(await kept(tab), []);
	assert.equal(await launcher(tab), null);
	await until(async () => (await fetch(`${SERVER}/widget/v1/conversations`, { headers: { authorization: `Visitor ${before}` } })).status === 401, 'the end of the token');
	await tab.evaluate(() => window.Ennakoi('boot'));
	const next = await enter(tab);
	await until(async () => (await token(tab)) !== null, 'a new visitor');
	assert.notEqual(await token(tab), before);
	assert.equal(await next.locator('.mine').count(), 0);
	await context.close();
});

test('what others say on the page’s channel is not believed', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	const frame = await enter(tab);
	await until(async () => (await token(tab)) !== null, 'a visitor');
	await tab.evaluate(() => {
		for (const message of [{ type: 'store', name: 'evil', value: '1' }, { type: 'unread', count: 7 }]) window.postMessage({ ennakoi: 1, ...message }, location.origin);
	});
	// A message that is believed, sent after the others, shows that those were passed over.
	await frame.locator('.aa').click();
	await frame.locator('.sizes button').nth(2).click();
	await until(async () => (await kept(tab)).some((name) => name.endsWith('.text')), 'the size that the panel stores');
	assert.equal((await kept(tab)).some((name) => name.endsWith('.evil')), false);
	await context.close();
});

test('a file goes up and is shown', async () => {
	const context = await visitor();
	const tab = await open(context, page());
	const frame = await enter(tab);
	const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
	await frame.locator('input[type=file]').setInputFiles([{ name: 'piste.png', mimeType: 'image/png', buffer: dot }, { name: 'liian-iso.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc((20 << 20) + 1) }]);
	await frame.locator('.upload.failed', { hasText: '20 Mt' }).waitFor();
	await frame.locator('.upload:not(.failed) progress').waitFor({ state: 'hidden' });
	await frame.locator('.send').click();
	await until(() => frame.locator('.mine .picture img').evaluate((image) => image.complete && image.naturalWidth === 1).catch(() => false), 'the picture');
	await context.close();
});
