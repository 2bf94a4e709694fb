/** What the tests of the console share: signing in as a person does, and the page's own faults. */
import assert from 'node:assert/strict';

/** A browser of its own that speaks Finnish. Every error the page makes fails the test that looks at `page.faults`. */
export async function somebody(browser, url, options = {}) {
	const context = await browser.newContext({ locale: 'fi-FI', timezoneId: 'Europe/Helsinki', viewport: { width: 1280, height: 860 }, ...options });
	context.setDefaultTimeout(60_000);
	const page = await context.newPage();
	page.faults = [];
	page.on('pageerror', (error) => page.faults.push(error.message));
	page.on('console', (message) => {
		// What the server refuses on purpose is written to the browser's console too.
		if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) page.faults.push(message.text());
	});
	page.base = url;
	return page;
}

export async function signIn(page, email, password) {
	await page.goto(`${page.base}/app/sign-in`);
	await page.getByLabel('Sähköposti').fill(email);
	await page.getByLabel('Salasana').fill(password);
	await page.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
}

export async function signOut(page) {
	await page.goto(`${page.base}/app/profile`);
	await page.getByRole('button', { name: /^Oma valikko/ }).click();
	await page.getByRole('option', { name: 'Kirjaudu ulos' }).click();
	await page.waitForURL(/\/app\/sign-in/);
}

export const noFaults = (page) => assert.deepEqual(page.faults, []);

/** Keeps a picture of the page when somebody wants to look at it. */
export async function picture(page, name) {
	if (process.env.ENNAKOI_SCREENSHOTS) await page.screenshot({ path: `${process.env.ENNAKOI_SCREENSHOTS}/${name}.png` });
}
