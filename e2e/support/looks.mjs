/** The looks that a screen is seen in: both themes in each language; every second at a phone's width, and the last as at a zoom of 400 %. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { accessible } from './app.mjs';
import { picture } from './desk.mjs';

export const LOOKS = [
	{ colorScheme: 'light', language: 'fi', width: 1440 },
	{ colorScheme: 'dark', language: 'fi', width: 360 },
	{ colorScheme: 'light', language: 'sv', width: 360 },
	{ colorScheme: 'dark', language: 'sv', width: 1440 },
	{ colorScheme: 'light', language: 'en', width: 360 },
	{ colorScheme: 'dark', language: 'en', width: 320, height: 256 }
];

const texts = ['fi', 'sv', 'en'].map((language) => JSON.parse(readFileSync(new URL(`../../i18n/${language}/console.json`, import.meta.url))));
/** What stands on the screen for a key, whichever language it speaks. */
export const anyOf = (key) => new RegExp(`^(${texts.map((text) => text[key].replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`);

/** Nothing is still on its way: no placeholder stands, no request is open. */
export async function settled(page) {
	await page.waitForFunction(() => document.querySelector('main, [role=main]') && !document.querySelector('.skeleton'));
	await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished.catch(() => undefined))));
}

export async function fits(page, where) {
	const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(over <= 0, `${where} is ${over} pixels wider than the window`);
}

/** Opens each place in each look; `places` are `[name, path, then]`, where `then` opens what the address alone does not. */
export async function inEveryLook(page, company, places) {
	for (const { colorScheme, language, width, height = 900 } of LOOKS) {
		await company.call('PATCH', 'profile', { locale: language });
		await page.emulateMedia({ colorScheme });
		await page.setViewportSize({ width, height });
		for (const [name, path, then] of places) {
			const where = `${name} in ${colorScheme}, ${language}, ${width}`;
			await page.goto(`${company.url}/app/${path}`);
			await settled(page);
			assert.equal(await page.evaluate(() => document.documentElement.lang), language);
			if (then) await then(page).catch((error) => Promise.reject(new Error(`${where}: ${error.message}`)));
			await settled(page);
			await accessible(page, where);
			await fits(page, where);
			await picture(page, `look-${name}-${colorScheme}-${language}-${width}`);
		}
	}
	await company.call('PATCH', 'profile', { locale: 'fi' });
	await page.emulateMedia({ colorScheme: 'light' });
	await page.setViewportSize({ width: 1280, height: 860 });
}
