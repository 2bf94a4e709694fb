// Every view of the console and the help centre: nothing that axe finds, in both themes, three languages, and at a phone's width.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Owner, accessible, launch, url } from './support/app.mjs';

let browser;
let owner;
before(async () => {
	browser = await launch();
	owner = await Owner.signIn();
	owner.workspace = process.env.ENNAKOI_WORKSPACE;
});
after(() => browser.close());

const sections = ['general', 'team', 'hours', 'channels', 'bot', 'llm', 'queues', 'labels', 'canned', 'attributes', 'keys', 'webhooks', 'signin', 'audit'];
const views = ['inbox/all', 'contacts', 'knowledge', 'knowledge/care', 'knowledge/guides', 'knowledge/gaps', 'quality', 'quality?tab=reviews', 'quality?tab=sheets', 'quality?tab=mine', 'search?q=paketti', ...sections.map((section) => `settings/${section}`), 'profile', 'setup'];
/** What somebody sees who has not come in. */
const doors = ['sign-in', 'sign-in?problem=oidc_refused', 'password-reset', 'password-reset/unknown', 'invitation/unknown'];
// Both themes in each language; every second at a phone's width, and the last as at a zoom of 400 %.
const looks = [
	{ colorScheme: 'light', language: 'fi', width: 1440 },
	{ colorScheme: 'dark', language: 'fi', width: 360 },
	{ colorScheme: 'light', language: 'sv', width: 360 },
	{ colorScheme: 'dark', language: 'sv', width: 1440 },
	{ colorScheme: 'light', language: 'en', width: 360 },
	{ colorScheme: 'dark', language: 'en', width: 320, height: 256 },
];

for (const { colorScheme, language, width, height = 900 } of looks) {
	test(`console: ${colorScheme}, ${language}, ${width} pixels`, async () => {
		await owner.call('PATCH', 'profile', { locale: language });
		const context = await browser.newContext({ colorScheme, viewport: { width, height }, bypassCSP: true });
		const [name, value] = owner.cookie.split('=');
		await context.addCookies([{ name, value, url }]);
		const page = await context.newPage();
		for (const view of views) {
			await page.goto(`${url}/app/${view}`);
			await page.waitForLoadState('networkidle');
			await page.waitForSelector('main, [role=main]');
			assert.equal(await page.evaluate(() => document.documentElement.lang), language);
			await accessible(page, `${view} in ${colorScheme}, ${language}, ${width}`);
			const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
			assert.ok(over <= 0, `${view} is ${over} pixels wider than the window`);
		}
		await context.clearCookies();
		for (const door of doors) {
			await page.goto(`${url}/app/${door}`);
			await page.getByRole('heading', { level: 1 }).first().waitFor();
			await accessible(page, `${door} in ${colorScheme}, ${language}, ${width}`);
		}
		await context.close();
	});

	test(`help centre: ${colorScheme}, ${language}, ${width} pixels, without JavaScript`, async () => {
		const context = await browser.newContext({ colorScheme, viewport: { width, height }, javaScriptEnabled: false });
		const page = await context.newPage();
		await page.goto(`${url}/help/pellavala/fi/?q=${encodeURIComponent('paketti hukassa')}`);
		await page.goto(`${url}/help/pellavala/fi/`);
		await page.locator('a', { hasText: 'Missä tilaukseni on?' }).first().click();
		await page.getByText('Saat seurantakoodin').first().waitFor();
		await context.close();
		const seeing = await browser.newContext({ colorScheme, viewport: { width, height }, bypassCSP: true });
		const same = await seeing.newPage();
		for (const path of ['', 'a/missa-tilaukseni-on', '?q=palautus']) {
			await same.goto(`${url}/help/pellavala/fi/${path}`);
			await accessible(same, `help ${path}`);
		}
		await seeing.close();
	});
}
