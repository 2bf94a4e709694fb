/** Notices: the bell tells live, is used from the keyboard, and each person chooses what comes where and when not. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { inEveryLook } from '../support/looks.mjs';

const PATIENCE = 60_000;
let browser;
let company;
let aino;
let me;
let first;

before(async () => {
	[company, browser] = await Promise.all([Company.open({ channel: { settings: { mode: 'person_only' } }, faq: null }), launch()]);
	aino = await company.colleague(browser, { email: 'aino@example.fi', name: 'Aino Savela', role: 'supervisor' });
	aino.context().setDefaultTimeout(PATIENCE);
	me = (await company.as(aino, 'GET', 'session')).staff.id;
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const bell = () => aino.getByRole('button', { name: /^Ilmoitukset/ });

test('the bell tells live and is followed from the keyboard', async () => {
	first = await company.asked('Liisa Virta', 'Missä pakettini on?');
	await company.call('PUT', `conversations/${first}/assignment`, { agent_id: me });
	const second = await company.asked('Matti Laine', 'Laskussa on virhe.');
	await company.call('POST', `conversations/${second}/messages`, { client_key: 'note', body: '@Aino Savela katsoisitko?', visibility: 'private', mentions: [me] });
	await bell().locator('.badge', { hasText: /^2/ }).waitFor();
	await aino.locator('main').focus();
	await aino.keyboard.press('g');
	await aino.keyboard.press('n');
	const rows = aino.locator('.notices li');
	await rows.nth(1).waitFor();
	assert.match(await rows.nth(0).innerText(), /Sinut mainittiin[\s\S]*Matti Laine/);
	await until(() => aino.evaluate(() => document.activeElement?.closest('.notices li') !== null), 'the focus in the list');
	await accessible(aino, 'the list of notices');
	await picture(aino, 'notices');
	await aino.keyboard.press('ArrowDown');
	await aino.keyboard.press('Enter');
	await aino.waitForURL(new RegExp(first));
	await bell().locator('.badge', { hasText: /^1/ }).waitFor();
	// Opening a case by any way is reading what was told of it.
	await aino.goto(`${company.url}/app/inbox/all/${second}`);
	await until(async () => (await company.as(aino, 'GET', 'notices/counts')).unread === 0, 'everything is read');
	await bell().locator('.badge').waitFor({ state: 'detached' });
});

test('each person chooses, and is left alone in quiet hours', async () => {
	await aino.goto(`${company.url}/app/profile`);
	const cell = aino.getByRole('checkbox', { name: 'Minut mainitaan: Selain' });
	// The page says when it has saved; what the server knows before that would be overtaken.
	const saved = () => aino.locator('#notices [data-state="saved"]').waitFor();
	const chosen = async () => (await company.as(aino, 'GET', 'notice-settings')).settings;
	await cell.uncheck();
	await saved();
	assert.equal((await chosen()).kinds.mentioned.push, false);
	await aino.getByRole('button', { name: 'Lisää hiljainen aika' }).click();
	await saved();
	await aino.getByLabel('Alkaa').first().fill('20:30');
	await saved();
	assert.equal((await chosen()).quiet[0]?.from, '20:30');
	await aino.getByRole('switch', { name: /^Olen poissa/ }).check();
	await saved();
	assert.notEqual((await chosen()).absence, null);
	await aino.getByRole('button', { name: 'Lisää osoite' }).click();
	const dialog = aino.getByRole('dialog');
	await dialog.getByLabel('Nimi').fill('Oma kanava');
	await dialog.getByLabel('Webhookin osoite').fill('http://127.0.0.1/hook');
	await dialog.getByRole('button', { name: 'Tallenna' }).click();
	await dialog.getByRole('alert').first().waitFor();
	await accessible(aino, 'an address that must not be called');
	await dialog.getByLabel('Webhookin osoite').fill('https://hooks.slack.com/services/T0/B0/x');
	await dialog.getByRole('button', { name: 'Tallenna' }).click();
	await aino.getByText('hooks.slack.com').waitFor();
	await picture(aino, 'notice-choices');
	await aino.reload();
	await aino.getByText('hooks.slack.com').waitFor();
	assert.equal(await cell.isChecked(), false);
});

test('both look right in every theme, language and width', async () => {
	const helena = await company.desk(browser);
	const her = (await company.as(helena, 'GET', 'session')).staff.id;
	const id = await company.asked('Maija Salo', 'Hei');
	await company.as(aino, 'PUT', `conversations/${id}/assignment`, { agent_id: her });
	await until(async () => (await company.as(helena, 'GET', 'notices/counts')).unread > 0, 'a notice');
	await company.call('PUT', 'notice-settings', { ...(await company.call('GET', 'notice-settings')).settings, quiet: [{ days: [1, 2, 3, 4, 5], from: '20:00', to: '07:30' }] });
	await inEveryLook(helena, company, [
		['notice-choices', 'profile#notices', (page) => page.locator('#notices table').waitFor()],
		['notices', 'inbox/all', async (page) => {
			await page.locator('button.bell').click();
			await page.locator('.notices li').first().waitFor();
		}]
	]);
	noFaults(aino);
	noFaults(helena);
});
