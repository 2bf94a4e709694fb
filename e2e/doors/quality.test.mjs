/** Quality: a case is drawn, reviewed from the keyboard, answered and disputed by whom it is about, and corrected. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { fits, inEveryLook } from '../support/looks.mjs';

/** A loaded machine is slow; what comes late is still right. */
const PATIENCE = 60_000;
let browser;
let company;
let helena;
let aino;

before(async () => {
	[company, browser] = await Promise.all([Company.open({ channel: { settings: { mode: 'person_only' } }, faq: null }), launch()]);
	helena = await company.desk(browser);
	aino = await company.colleague(browser, { email: 'aino@example.fi', name: 'Aino Savela', role: 'agent' });
	for (const page of [helena, aino]) page.context().setDefaultTimeout(PATIENCE);
	const me = (await company.as(aino, 'GET', 'session')).staff.id;
	const id = await company.asked('Liisa Virta', 'Missä pakettini on? Olen odottanut jo viikon.');
	await company.as(aino, 'PUT', `conversations/${id}/assignment`, { agent_id: me });
	await company.as(aino, 'POST', `conversations/${id}/messages`, { client_key: 'a', body: 'Pahoittelen odotusta, Liisa. Paketti on lajittelussa ja tulee huomenna.', visibility: 'public' });
	await company.as(aino, 'PUT', `conversations/${id}/closure`, {});
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const toast = (page, text) => page.locator('.toast', { hasText: text });
const current = (page, text) => page.locator('.criterion.current', { hasText: text });

test('a sheet is made, a case is drawn and reviewed from the keyboard', async () => {
	await helena.goto(`${company.url}/app/quality`);
	await helena.getByRole('button', { name: 'Tee lomake' }).click();
	await helena.getByRole('button', { name: 'Uusi valmiista pohjasta' }).click();
	await helena.getByLabel('Lomakkeen nimi').fill('Pellavalan laatu');
	await accessible(helena, 'the editor of a sheet');
	await picture(helena, 'quality-sheet');
	await helena.getByRole('button', { name: 'Tallenna' }).click();
	await helena.getByText('Versio 1 · 11 kohtaa · 0 arviota').waitFor();
	await helena.goto(`${company.url}/app/quality`);
	await helena.getByRole('button', { name: 'Valintasääntö' }).first().click();
	await helena.getByRole('dialog').getByRole('spinbutton', { name: 'Arvotaan jokaiselta viikossa' }).fill('2');
	await accessible(helena, 'the rule of choice');
	await picture(helena, 'quality-rule');
	await helena.getByRole('dialog').getByRole('button', { name: 'Tallenna' }).click();
	const row = helena.getByRole('listitem').filter({ hasText: 'Aino Savela' });
	await row.getByText('arvottu').waitFor();
	await inEveryLook(helena, company, [['quality-queue', 'quality'], ['quality-sheets', 'quality?tab=sheets']]);

	await helena.goto(`${company.url}/app/quality`);
	await row.getByRole('button', { name: 'Arvioi' }).click();
	await helena.waitForURL(/\/app\/quality\/reviews\//);
	await current(helena, 'Ymmärrettiinkö').waitFor();
	// Each digit marks the criterion at hand and goes on to the next; a dash says that it does not apply.
	const keys = [['3', 'Vältettiinkö'], ['1', 'Oliko vastaus oikea'], ['2', 'Vastattiinko kaikkeen'], ['3', 'Tietääkö asiakas'], ['1', 'Oliko sävy'], ['3', 'Otettiinko asiakkaan tunne'], ['3', 'Oliko kieli'], ['2', 'Pidettiinkö'], ['-', 'Varmistettiinko'], ['0', 'Käytettiinkö']];
	for (const [key, next] of keys) {
		await helena.keyboard.press(key);
		await current(helena, next).waitFor();
	}
	await helena.keyboard.press('Control+Enter');
	await toast(helena, 'Yksi kohta on vielä arvioimatta').waitFor();
	await helena.keyboard.press('-');
	await helena.getByText('Hylätty').waitFor();
	await helena.getByRole('button', { name: /^Huomauta ?: Aino/ }).click();
	await helena.getByRole('textbox', { name: /^Huomautus viestistä: Aino/ }).fill('Hyvä: päivä on sanottu.');
	await helena.getByRole('button', { name: 'Lisää huomautus' }).click();
	await helena.getByText('Hyvä: päivä on sanottu.').waitFor();
	await helena.getByRole('textbox', { name: 'Yhteenveto' }).fill('Lämmin vastaus. Muista tunnistaa asiakas ennen tilauksen tietoja.');
	await accessible(helena, 'a review that is written');
	await picture(helena, 'quality-review');
	await helena.setViewportSize({ width: 360, height: 760 });
	await accessible(helena, 'a review on a phone');
	await fits(helena, 'a review on a phone');
	await picture(helena, 'quality-review-phone');
	await helena.setViewportSize({ width: 1280, height: 860 });
	// What was written is there again after the page was left.
	await until(async () => (await company.call('GET', 'reviews?state=draft')).items[0]?.summary.startsWith('Lämmin'), 'the draft that is kept', PATIENCE);
	await helena.reload();
	await helena.getByText('Hyvä: päivä on sanottu.').waitFor();
	await helena.getByText('Hylätty').waitFor();
	await helena.getByRole('button', { name: 'Julkaise' }).click();
	await toast(helena, 'Arvio julkaistiin: Aino Savela näkee sen nyt.').waitFor();
	await helena.getByText('Mikään ei odota arviota').waitFor();
	noFaults(helena);
});

test('whose work it is reads it, disputes it, and sees how that ended', async () => {
	await aino.goto(`${company.url}/app/quality`);
	await aino.getByRole('link', { name: /#1 Liisa Virta/ }).click();
	await aino.getByText('Hyvä: päivä on sanottu.').waitFor();
	await accessible(aino, 'a review of one’s own work');
	await picture(aino, 'quality-own-review');
	await aino.getByRole('button', { name: 'Riitauta' }).click();
	await aino.getByRole('textbox', { name: 'Miksi arvio ei ole oikea?' }).fill('Liisa oli kirjautunut verkkokauppaan.');
	await aino.getByRole('button', { name: 'Lähetä' }).click();
	await aino.getByText('Riitautettu').waitFor();

	await helena.goto(`${company.url}/app/quality?tab=reviews`);
	await helena.getByRole('combobox', { name: 'Näytä' }).selectOption('disputed');
	await helena.getByRole('link', { name: /Aino Savela: #1/ }).click();
	await helena.getByText('Liisa oli kirjautunut verkkokauppaan.').waitFor();
	await helena.getByRole('button', { name: 'Oikaise arvio' }).click();
	await helena.getByRole('group', { name: /^Varmistettiinko/ }).getByRole('button', { name: 'Kyllä' }).click();
	await helena.getByRole('textbox', { name: 'Perustelu', exact: true }).last().fill('Totta, kirjautuminen näkyy.');
	await accessible(helena, 'a dispute that is ended');
	await picture(helena, 'quality-dispute');
	await helena.getByRole('button', { name: 'Tallenna oikaisu' }).click();
	await helena.getByText('Arvio oikaistiin').waitFor();
	await helena.getByText('oli 0').waitFor();

	// The agent's list follows by itself, and a note of coaching comes into it.
	await aino.goto(`${company.url}/app/quality`);
	await aino.getByText('Arvio oikaistiin').waitFor();
	await helena.getByRole('button', { name: 'Valmennusviesti' }).click();
	await helena.getByRole('dialog').getByRole('textbox', { name: 'Viesti' }).fill('Kerro asiakkaalle aina myös, kuka hoitaa asiaa.');
	await helena.getByRole('dialog').getByRole('button', { name: 'Lähetä' }).click();
	await toast(helena, 'Aino Savela sai viestin.').waitFor();
	await aino.getByText('Kerro asiakkaalle aina myös, kuka hoitaa asiaa.').waitFor();
	await accessible(aino, 'one’s own reviews and notes');
	await picture(aino, 'quality-mine');
	await aino.setViewportSize({ width: 360, height: 760 });
	await fits(aino, 'one’s own reviews on a phone');
	await picture(aino, 'quality-mine-phone');
	await aino.setViewportSize({ width: 1280, height: 860 });
	await aino.getByRole('button', { name: 'Luettu', exact: true }).click();
	await until(async () => (await company.as(aino, 'GET', 'quality')).unseen === 0, 'the note that is read', PATIENCE);
	const audit = (await company.call('GET', 'audit?action=review.resolved')).items;
	assert.deepEqual([audit.length, audit[0].detail.first_points, audit[0].detail.points > 0, audit[0].detail.failed], [1, 0, true, false]);
	noFaults(helena);
	noFaults(aino);
});
