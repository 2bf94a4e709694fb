// A browser and an API client for the end-to-end tests.
import { createRequire } from 'node:module';
import { violations } from './axe.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

export const url = process.env.ENNAKOI_URL;

/** Chromium as a person would have it, but without a window. */
export const launch = () =>
	chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-quic'] });

/** The API as the first owner, signed in once. */
export class Owner {
	static async signIn() {
		const owner = new Owner();
		const answer = await owner.raw('POST', 'session', { email: 'owner@localhost', password: process.env.ENNAKOI_PASSWORD });
		owner.cookie = answer.headers.get('set-cookie').split(';')[0];
		return owner;
	}

	raw(method, path, body) {
		const headers = { 'content-type': 'application/json', 'x-requested-with': 'ennakoi' };
		if (this.cookie) headers.cookie = this.cookie;
		if (this.workspace) headers['x-ennakoi-workspace'] = this.workspace;
		return fetch(`${url}/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
	}

	async call(method, path, body) {
		const answer = await this.raw(method, path, body);
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return text ? JSON.parse(text) : null;
	}
}

/** Fails with what axe finds, targets smaller than 24 pixels among it. */
export async function accessible(page, where) {
	const told = (await violations(page, { rules: { 'target-size': { enabled: true } } })).map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
	if (told.length) throw new Error(`${where}: ${told.join('\n')}`);
}

/** The widget's panel, once it is open. */
export async function panel(page) {
	await page.waitForFunction(() => typeof window.Ennakoi === 'function');
	await page.evaluate(() => window.Ennakoi('open'));
	for (let tries = 0; tries < 600; tries++) {
		const frame = page.frames().find((one) => one.url().includes('/w/v1/panel/'));
		if (frame) {
			await frame.waitForSelector('[role=log]', { state: 'attached' });
			await frame.waitForSelector('textarea');
			return frame;
		}
		await page.waitForTimeout(100);
	}
	throw new Error('the panel did not open');
}
