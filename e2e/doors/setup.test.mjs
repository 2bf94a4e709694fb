/** A company sets itself up in the browser, from the first sign-in to the first answer on its own page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch, panel } from '../support/app.mjs';
import { noFaults, picture, signIn, somebody } from '../support/desk.mjs';
import { png } from '../support/pictures.mjs';
import { start } from '../support/server.mjs';

let server;
let browser;
before(async () => {
	server = await start();
	browser = await launch();
});
after(async () => {
	await browser?.close();
	server?.stop();
});

const CSV = `kysymys;vastaus;aihe
Missä tilaukseni on?;Saat seurantakoodin sähköpostiisi, kun paketti lähtee.;Toimitus
Miten palautan tuotteen?;Täytä palautuslomake ja vie paketti postiin 30 päivän kuluessa.;Palautukset
;Vastaus ilman kysymystä;Toimitus
`;
const MARKDOWN = `# Miten pesen pellavan?

Pese 40 asteessa ja kuivaa ripustettuna.
`;
const PAGE = '<h2>Voiko lahjakortin vaihtaa rahaksi?</h2><p>Lahjakorttia ei vaihdeta rahaksi.</p><h2>Kuinka kauan lahjakortti on voimassa?</h2><p>Kaksi vuotta ostopäivästä.</p>';

test('from nothing to an answer on the shop’s page', async () => {
	const page = await somebody(browser, server.url, { permissions: ['clipboard-read', 'clipboard-write'], bypassCSP: true });
	const next = () => page.getByRole('button', { name: 'Jatka', exact: true }).click();
	const step = (title) => page.getByRole('heading', { level: 1, name: title }).waitFor();

	// A wrong password says so and loses nothing.
	await signIn(page, 'owner@localhost', 'wrong-password');
	await page.getByRole('alert').getByText('Sähköposti tai salasana ei ole oikein.').waitFor();
	assert.equal(await page.getByLabel('Sähköposti').inputValue(), 'owner@localhost');
	await signIn(page, 'owner@localhost', server.password);

	await step('Mikä yritys?');
	await accessible(page, 'set-up, company');
	await picture(page, 'setup-1-company');
	await page.getByLabel('Yrityksen nimi').fill('Pihlajan Puoti');
	await page.getByLabel(/ruotsi|svenska/i).check();
	await page.getByLabel(/englanti|english/i).check();
	await next();

	await step('Miltä chat näyttää?');
	await page.getByRole('button', { name: '#b42318' }).click();
	const logo = page.getByRole('group', { name: 'Logo' });
	await logo.locator('input[type=file]').setInputFiles({ name: 'not-a-picture.png', mimeType: 'image/png', buffer: Buffer.from('no') });
	await logo.getByRole('alert').getByText('Tiedosto ei ole kuva').waitFor();
	await logo.locator('input[type=file]').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: png(1800, 1800, [47, 93, 80]) });
	await logo.getByRole('img', { name: 'Logo' }).waitFor();
	assert.match(await logo.getByRole('img').getAttribute('src'), /^\/api\/v1\/logos\//);
	await page.getByLabel(/Tervehdys · suomi/i).fill('Hei! Miten voin auttaa?');
	await accessible(page, 'set-up, look');
	await picture(page, 'setup-2-look');
	await next();

	await step('Milloin ihmiset vastaavat?');
	await accessible(page, 'set-up, hours');
	await picture(page, 'setup-3-hours');
	await next();

	await step('Kuinka laajasti aloitatte?');
	await accessible(page, 'set-up, modules');
	await picture(page, 'setup-4-modules');
	await next();

	await step('Tuo usein kysytyt kysymykset');
	const file = page.locator('input[type=file]');
	// What is not a list of questions is refused in words; nothing is imported.
	await file.setInputFiles({ name: 'tyhja.csv', mimeType: 'text/csv', buffer: Buffer.from('nimi,hinta\nTuoli,12\n') });
	await page.getByRole('button', { name: 'Esikatsele' }).click();
	await page.getByRole('alert').getByText(/puuttuu sarakkeita|ei löytynyt/).waitFor();
	await file.setInputFiles({ name: 'ukk.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
	await page.getByRole('button', { name: 'Esikatsele' }).click();
	await page.getByText('1 rivi ohitetaan').waitFor();
	await page.getByText('rivi 4: Kysymys puuttuu.').waitFor();
	await accessible(page, 'set-up, FAQ');
	await picture(page, 'setup-5-faq');
	await page.getByRole('button', { name: 'Tuo 2 artikkelia' }).click();
	await page.getByText('Tuotiin 2 uutta').waitFor();
	await page.getByRole('button', { name: 'Tuo lisää' }).click();
	await file.setInputFiles({ name: 'ukk.md', mimeType: 'text/markdown', buffer: Buffer.from(MARKDOWN) });
	await page.getByRole('button', { name: 'Esikatsele' }).click();
	await page.getByRole('button', { name: 'Tuo 1 artikkeli', exact: true }).click();
	await page.getByText('Tuotiin 1 uutta').waitFor();
	// A page copied from a browser: its headings are the questions.
	await page.getByRole('button', { name: 'Tuo lisää' }).click();
	await page.getByRole('tab', { name: 'Liitä sivu' }).click();
	await page.evaluate((html) => navigator.clipboard.write([new ClipboardItem({ 'text/html': new Blob([html], { type: 'text/html' }), 'text/plain': new Blob([html.replace(/<[^>]+>/g, '\n')], { type: 'text/plain' }) })]), PAGE);
	await page.getByLabel('Sivun teksti').focus();
	await page.keyboard.press('Control+v');
	await page.getByRole('button', { name: 'Esikatsele' }).click();
	await page.getByText('Voiko lahjakortin vaihtaa rahaksi?').last().waitFor();
	await page.getByRole('button', { name: 'Tuo 2 artikkelia' }).click();
	await page.getByText('Tuotiin 2 uutta').waitFor();
	await next();

	await step('Vie chat sivullesi');
	await page.getByRole('button', { name: 'Kopioi' }).click();
	const snippet = await page.evaluate(() => navigator.clipboard.readText());
	assert.match(snippet, new RegExp(`^<script async src="${server.url}/w/v1/ennakoi.js" data-key="[0-9a-f-]{36}"></script>$`));
	await accessible(page, 'set-up, widget');
	await picture(page, 'setup-6-widget');
	const shop = await page.getByRole('link', { name: 'Kokeile ensin esittelykaupassa' }).getAttribute('href');
	await next();

	await step('Kutsu kollegat');
	await page.getByLabel('Sähköposti').fill('aino@example.fi');
	await page.getByRole('button', { name: 'Kutsu', exact: true }).click();
	await page.getByText('1 kutsu lähti').waitFor();
	await accessible(page, 'set-up, team');
	await picture(page, 'setup-7-team');
	await page.getByRole('button', { name: 'Valmis' }).click();
	await page.waitForURL(/\/app\/inbox\/all/);

	// The bot has read what was imported.
	const ask = async () => page.evaluate(async (workspace) => (await fetch('/api/v1/bot/questions', { method: 'POST', headers: { 'content-type': 'application/json', 'x-requested-with': 'ennakoi', 'x-ennakoi-workspace': workspace }, body: JSON.stringify({ text: 'miten pesen pellavan', locale: 'fi' }) })).json(), await page.evaluate(() => localStorage.getItem('ennakoi.workspace')));
	for (let tries = 0; tries < 600 && (await ask()).verdict !== 'answered'; tries++) await page.waitForTimeout(200);

	// The company's customer is answered from what was just imported, in the company's looks.
	const customer = await somebody(browser, server.url);
	await customer.goto(server.url + shop);
	const frame = await panel(customer);
	await frame.getByText('Hei! Miten voin auttaa?').waitFor();
	assert.match(await frame.locator('.face img').first().getAttribute('src'), /^\/api\/v1\/logos\//);
	assert.equal(await frame.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--brand').replaceAll(/[ ,]/g, '')), 'rgb(1803524)');
	for (const [question, answer] of [['missä mun tilaus on', 'Saat seurantakoodin'], ['voiko lahjakortin vaihtaa rahaan', 'Lahjakorttia ei vaihdeta rahaksi'], ['miten pesen pellavaliinan', 'Pese 40 asteessa']]) {
		await frame.locator('#message').fill(question);
		await frame.locator('#message').press('Enter');
		await frame.getByText(answer).first().waitFor().catch(async (error) => (await picture(customer, 'failed'), Promise.reject(error)));
	}
	await picture(customer, 'setup-8-answer');
	await customer.goto(`${server.url}/help/pihlajan-puoti/fi/`);
	await customer.getByRole('link', { name: 'Miten pesen pellavan?' }).first().waitFor();
	assert.equal(await customer.locator('header img').first().evaluate((image) => image.complete && image.naturalWidth), 512);
	await picture(customer, 'setup-9-help');
	// Begun and answered by the bot: in the list of all.
	await page.getByText('Pese 40 asteessa').first().waitFor();
	noFaults(page);
	noFaults(customer);
});

test('left in the middle, the set-up goes on where it was', async () => {
	const page = await somebody(browser, server.url);
	await signIn(page, 'owner@localhost', server.password);
	await page.waitForURL(/\/app\/inbox/);
	await page.goto(`${server.url}/app/setup`);
	await page.getByRole('heading', { level: 1 }).waitFor();
	await page.getByRole('button', { name: /Yritys/ }).click();
	assert.equal(await page.getByLabel('Yrityksen nimi').inputValue(), 'Pihlajan Puoti');
	await page.getByLabel('Yrityksen nimi').fill('   ');
	await page.getByRole('button', { name: 'Jatka', exact: true }).click();
	await page.getByRole('alert').getByText('Nimi: Tämä tarvitaan.').waitFor();
	noFaults(page);
});
