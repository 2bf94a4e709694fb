/**
 * What the widget's browser tests share: a server of host pages on an origin of its own, a browser, and eyes that see into the
 * closed shadow root as a screen reader does.
 *
 * Needs `ENNAKOI_URL` (a running server) and `ENNAKOI_KEY` (public key of a chat channel without a list of origins).
 */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { violations } from '../support/axe.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

export const SERVER = (process.env.ENNAKOI_URL ?? '').replace(/\/$/, '');
export const KEY = process.env.ENNAKOI_KEY ?? '';
if (!SERVER || !KEY) throw new Error('set ENNAKOI_URL and ENNAKOI_KEY');

/** Own words of a message, so that repeated runs do not meet each other's. */
let count = 0;
export const words = (text) => `${text} ${process.pid}-${(count += 1)}`;

const pages = new Map();
const host = createServer((request, response) => {
	const page = pages.get(new URL(request.url, 'http://host').pathname);
	if (!page) return void response.writeHead(404).end();
	response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers }).end(page.html);
});
await new Promise((resolve) => host.listen(0, '127.0.0.1', resolve));
const HOST = `http://127.0.0.1:${host.address().port}`;

/** Publishes a host page with the widget on it; returns its address. */
export function page({ lang = 'fi', head = '', body = '<h1>Kauppa</h1><p><a href="#alku">Linkki</a></p>', tag = '', headers = {}, script = true } = {}) {
	const path = `/page-${pages.size}`;
	const loader = script ? `<script async src="${SERVER}/w/v1/ennakoi.js" data-key="${KEY}" ${tag}></script>` : '';
	pages.set(path, { headers, html: `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Kauppa</title>${head}</head><body>${body}${loader}</body></html>` });
	return HOST + path;
}

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

export async function close() {
	await browser.close();
	host.closeAllConnections();
	host.close();
}

/** A visitor's browser: nothing stored, Finnish. Faults of the page fail the test that looks at `faults`. */
export async function visitor(options = {}) {
	const context = await browser.newContext({ locale: 'fi-FI', timezoneId: 'Europe/Helsinki', viewport: { width: 1100, height: 800 }, ...options });
	context.setDefaultTimeout(60_000);
	return context;
}

export async function open(context, address) {
	const tab = await context.newPage();
	tab.faults = [];
	tab.on('pageerror', (error) => tab.faults.push(error.message));
	await tab.goto(address);
	return tab;
}

/** Waits until `look` gives something true, and returns it. */
export async function until(look, what, limit = 60_000) {
	const end = performance.now() + limit;
	for (;;) {
		const seen = await look();
		if (seen) return seen;
		if (performance.now() > end) assert.fail(`waited in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** The page's accessibility tree as the browser tells it to screen readers, closed shadow roots included. */
async function tree(tab) {
	const session = await tab.context().newCDPSession(tab);
	const { nodes } = await session.send('Accessibility.getFullAXTree');
	return { session, nodes };
}

/** The launcher: its name, whether it is expanded, its box in pixels; null while there is none. */
export async function launcher(tab) {
	const { session, nodes } = await tree(tab);
	try {
		const node = nodes.find(({ role, name, ignored, properties }) => !ignored && role?.value === 'button' && properties?.some((property) => property.name === 'expanded') && /chat/i.test(name?.value ?? ''));
		if (!node) return null;
		const property = (name) => node.properties.find((one) => one.name === name)?.value.value;
		const { model } = await session.send('DOM.getBoxModel', { backendNodeId: node.backendDOMNodeId });
		const [left, top, right, , , bottom] = model.border;
		return { name: node.name.value, expanded: property('expanded') === true, focused: property('focused') === true, box: { left, top, width: right - left, height: bottom - top } };
	} finally {
		await session.detach();
	}
}

export const dialog = async (tab) => {
	const { session, nodes } = await tree(tab);
	await session.detach();
	const node = nodes.find(({ role, ignored }) => !ignored && role?.value === 'dialog');
	return node ? { name: node.name.value, modal: node.properties.find((one) => one.name === 'modal')?.value.value === true } : null;
};

export async function press(tab) {
	const { box } = await until(() => launcher(tab), 'the launcher');
	await tab.mouse.click(box.left + box.width / 2, box.top + box.height / 2);
}

/** The panel's frame, when it can be written in; one that signs out is still there for a moment, but hidden. */
export function panel(tab) {
	return until(async () => {
		for (const frame of tab.frames().filter((one) => one.url().startsWith(`${SERVER}/w/v1/panel/`))) {
			if (await frame.locator('#message').isVisible().catch(() => false)) return frame;
		}
		return null;
	}, 'the panel');
}

/** Opens the chat by its launcher. */
export async function enter(tab) {
	await press(tab);
	return panel(tab);
}

export async function say(frame, text) {
	await frame.locator('#message').fill(text);
	await frame.locator('#message').press('Enter');
	await frame.locator('.mine', { hasText: text }).waitFor();
}

/** Waits until the server has the message: its row carries no state of being on its way. */
export const stored = (frame, text) => frame.locator('.mine:not([data-state])', { hasText: text }).waitFor();

export const kept = (tab) => tab.evaluate(() => Object.keys(localStorage));

/** The visitor's token, as the page keeps it. */
export const token = (tab) => tab.evaluate((key) => localStorage.getItem(`ennakoi.${key}.token`), KEY);

/** The visitor's own messages on the server, oldest first. */
export async function onServer(tab) {
	const headers = { authorization: `Visitor ${await token(tab)}` };
	const [conversation] = await (await fetch(`${SERVER}/widget/v1/conversations`, { headers })).json();
	if (!conversation) return [];
	const { items } = await (await fetch(`${SERVER}/widget/v1/conversations/${conversation.id}/messages?limit=100`, { headers })).json();
	return items.filter((message) => message.mine && message.kind === 'text').map((message) => message.body);
}

/** Breaks of accessibility rules, in words; frames and their pages are looked at one by one. */
export async function axe(frame) {
	return (await violations(frame, { iframes: false })).map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
}

export const overflow = (frame) => frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Cuts the way to the server: requests fail and sockets close. Returns how to mend it. */
export async function cut(context, { sockets = true, requests = true } = {}) {
	let broken = true;
	const open = new Set();
	if (sockets) {
		await context.routeWebSocket(/\/widget\/v1\/live/, (socket) => {
			if (broken) return socket.close();
			socket.connectToServer();
			open.add(socket);
		});
	}
	if (requests) await context.route(/\/widget\/v1\//, (route) => (broken ? route.abort('internetdisconnected') : route.continue()));
	return {
		mend: () => (broken = false),
		again: async () => {
			broken = true;
			for (const socket of open) await socket.close();
			open.clear();
		}
	};
}
