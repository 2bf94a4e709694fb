/** What the company asks before a chat, and what it says of it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { fits } from '../support/looks.mjs';

let browser;
let company;
let desk;
before(async () => {
	[company, browser] = await Promise.all([Company.open(), launch()]);
	desk = await company.desk(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

test('questions before the chat say what the details are for, and where the company says more', async () => {
	await desk.goto(`${company.url}/app/settings/channels`);
	await desk.getByRole('listitem').filter({ hasText: 'Verkkokauppa' }).getByRole('button', { name: 'Muokkaa' }).click();
	const form = desk.getByRole('dialog', { name: 'Verkkokauppa' });
	await form.getByRole('group').getByLabel('Sähköposti').check();
	await form.getByRole('group').getByLabel('Pakollinen').check();
	await form.getByLabel(/Mihin tietoja käytetään · suomi/).fill('Käytämme osoitetta vain tähän asiaan vastaamiseen.');
	// What is no public address is refused at its field.
	await form.getByLabel('Tietosuojaselosteen osoite').fill('http://kauppa.example/tietosuoja');
	await form.getByRole('button', { name: 'Tallenna' }).click();
	await form.getByText('Osoite ei kelpaa').first().waitFor();
	await form.getByLabel('Tietosuojaselosteen osoite').fill('https://kauppa.example/tietosuoja');
	await picture(desk, 'channel-form');
	await accessible(desk, 'channel form');
	await form.getByRole('button', { name: 'Tallenna' }).click();
	await form.waitFor({ state: 'detached' });

	const { page, frame } = await company.customer(browser, { viewport: { width: 360, height: 740 } });
	await frame.getByText('Käytämme osoitetta vain tähän asiaan vastaamiseen.').waitFor();
	assert.equal(await frame.getByRole('link', { name: /Tietosuoja/ }).getAttribute('href'), 'https://kauppa.example/tietosuoja');
	await picture(page, 'chat-before');
	await accessible(frame, 'questions before the chat');
	await fits(frame, 'questions before the chat');
	// Without the address nothing goes; with it, the first message does, and the desk knows whom to answer.
	await frame.locator('#message').fill('Milloin paketti tulee?');
	await frame.locator('#message').press('Enter');
	await frame.getByText('Täytä kenttä').waitFor();
	assert.equal(await frame.locator('.mine').count(), 0);
	await frame.getByLabel('Sähköposti').fill('liisa@example.fi');
	await frame.locator('#message').press('Enter');
	await frame.locator('.mine:not([data-state])', { hasText: 'Milloin paketti tulee?' }).waitFor();
	await until(async () => (await company.call('GET', 'contacts?email=liisa@example.fi')).items.length === 1, 'the contact with the address');
	noFaults(page);
	noFaults(desk);
	await page.context().close();
});
