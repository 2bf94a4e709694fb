/** An answer that leaves later: chosen by keys, seen beside the thread, held when the customer writes again, moved, taken back, sent now. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';

const SECOND = 1_000_000;
let browser;
let company;
let desk;
let customer;
let conversation;

before(async () => {
	[company, browser] = await Promise.all([Company.open({ channel: { settings: { mode: 'person_only' } } }), launch()]);
	desk = await company.desk(browser);
	customer = await company.customer(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const say = async (text) => {
	await customer.frame.locator('#message').fill(text);
	await customer.frame.locator('#message').press('Enter');
};
const scheduled = () => desk.locator('[data-scheduled]');
const heard = async () => (await customer.frame.locator('[role=log] .theirs').allInnerTexts()).join('\n');

test('an answer is given a moment by keys, and the customer sees nothing of it', async () => {
	await say('Milloin saan rahani takaisin?');
	conversation = await until(async () => (await company.call('GET', 'conversations?view=all&limit=5')).items[0]?.id, 'the conversation');
	await desk.goto(`${company.url}/app/inbox/all/${conversation}`);
	await desk.getByText('Milloin saan rahani takaisin?').first().waitFor();
	const field = desk.getByRole('textbox', { name: 'Vastaa', exact: true });
	await field.focus();
	await desk.keyboard.type('Hei, rahat ovat tilillä huomenna.');
	await desk.keyboard.press('Control+Alt+Enter');
	await desk.getByRole('option', { name: /Omaan aikaan|Oma aika/ }).waitFor();
	// The moments come from the server; the first of them is chosen.
	await desk.getByRole('option', { name: /Tunnin päästä/ }).waitFor();
	await picture(desk, 'schedule-menu');
	await accessible(desk, 'moments to send at');
	await desk.keyboard.press('Enter');
	await scheduled().getByText('Hei, rahat ovat tilillä huomenna.').waitFor();
	await scheduled().getByText(/^Lähtee /).waitFor();
	await until(async () => (await field.inputValue()) === '', 'an empty composer');
	await picture(desk, 'schedule-waiting');
	await accessible(desk, 'a scheduled reply');
	assert.equal((await heard()).includes('tilillä'), false);
	noFaults(desk);
});

test('the customer who writes again holds it; it is moved, and taken up again', async () => {
	await say('Ai niin, kortti on vaihtunut.');
	await scheduled().getByText(/Odottaa sinua: asiakas on kirjoittanut lisää/).waitFor();
	await picture(desk, 'schedule-held');
	await accessible(desk, 'a held reply');
	await scheduled().getByRole('button', { name: 'Vaihda aikaa' }).click();
	await desk.getByRole('option', { name: /Tunnin päästä/ }).click();
	await scheduled().getByText(/^Lähtee /).waitFor();
	await scheduled().getByRole('button', { name: 'Muokkaa' }).click();
	await until(async () => (await scheduled().count()) === 0, 'nothing waits');
	const field = desk.getByRole('textbox', { name: 'Vastaa', exact: true });
	await until(async () => (await field.inputValue()).includes('tilillä huomenna'), 'the words are back');
	assert.equal((await heard()).includes('tilillä'), false);
	noFaults(desk);
});

test('it leaves now, or by itself at its moment, while one looks; and fits a phone', async () => {
	const add = (key, body, send_at) => company.call('POST', `conversations/${conversation}/scheduled-answers`, { client_key: key, body, send_at });
	await add('e1', 'Tämä lähtee heti.', (Date.now() + 3_600_000) * 1000);
	await scheduled().getByText('Tämä lähtee heti.').waitFor();
	await desk.setViewportSize({ width: 360, height: 740 });
	await picture(desk, 'schedule-phone');
	assert.ok(await desk.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing runs out of the phone');
	await accessible(desk, 'a scheduled reply on a phone');
	await desk.setViewportSize({ width: 1280, height: 860 });
	await scheduled().getByRole('button', { name: 'Lähetä nyt' }).click();
	await until(async () => (await heard()).includes('Tämä lähtee heti.'), 'the customer hears it');
	await until(async () => (await scheduled().count()) === 0, 'nothing waits');
	await add('e2', 'Tämä lähti itsestään.', Date.now() * 1000 + 3 * SECOND);
	await until(async () => (await heard()).includes('Tämä lähti itsestään.'), 'the customer hears it at its moment', 60_000);
	await until(async () => (await scheduled().count()) === 0, 'nothing waits any more');
	await desk.getByText(/^Kirjoitettu /).first().waitFor();
	await add('e3', 'Tätä ei sanota.', (Date.now() + 3_600_000) * 1000);
	await scheduled().getByRole('button', { name: 'Peru' }).click();
	await until(async () => (await scheduled().count()) === 0, 'taken back');
	assert.deepEqual((await company.call('GET', `conversations/${conversation}/scheduled-answers`)).items, []);
	noFaults(desk);
});
