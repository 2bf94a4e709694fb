/** Practice: a past case without anybody in it is answered turn by turn, compared, scored, shared and reviewed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { fits, inEveryLook, settled } from '../support/looks.mjs';

/** A loaded machine is slow; what comes late is still right. */
const PATIENCE = 60_000;
let browser;
let company;
let helena;
let onni;

before(async () => {
	[company, browser] = await Promise.all([Company.open({ channel: { settings: { mode: 'person_only' } }, faq: null }), launch()]);
	helena = await company.desk(browser);
	onni = await company.colleague(browser, { email: 'onni@example.fi', name: 'Onni Lehto', role: 'agent' });
	for (const page of [helena, onni]) page.context().setDefaultTimeout(PATIENCE);
	// A case of Helena's: she answers, closes it and marks it as good practice.
	const me = (await company.call('GET', 'session')).staff.id;
	const says = await company.writer('Liisa Virta');
	const id = (await says('Hei, olen Liisa Virta. Tilaukseni 1002345 ei ole tullut osoitteeseen Kauppakatu 12, 00100 Helsinki. Numeroni on 040 123 4567.')).conversation_id;
	await company.call('PUT', `conversations/${id}/assignment`, { agent_id: me });
	await company.call('POST', `conversations/${id}/messages`, { client_key: 'a', body: 'Hei Liisa! Pahoittelen odotusta. Paketti on lajittelussa ja tulee huomenna.', visibility: 'public' });
	await says('Kiitos! Saanko ilmoituksen puhelimeen?');
	await company.call('POST', `conversations/${id}/messages`, { client_key: 'b', body: 'Saat, heti kun se on noudettavissa.', visibility: 'public' });
	await company.call('PUT', `conversations/${id}/closure`, {});
	await company.call('PUT', `conversations/${id}/training-example`, {});
	const sheet = (await company.call('GET', 'quality-sheet-templates')).items.find((one) => one.locale === 'fi');
	await company.call('POST', 'quality-sheets', { name: sheet.name, sections: sheet.sections });
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const toast = (page, text) => page.locator('.toast', { hasText: text });
/** Whatever of the customer could be seen. */
async function nobody(page) {
	const shown = await page.locator('#main').innerText();
	for (const secret of ['Liisa', 'Virta', '1002345', 'Kauppakatu', 'Helsinki', '4567', 'Helena']) assert.ok(!shown.includes(secret), `${secret} is shown:\n${shown}`);
}

test('a past case is answered turn by turn from the keyboard, and nobody is in it', async () => {
	await onni.goto(`${company.url}/app/quality?tab=practice`);
	await onni.getByRole('button', { name: 'Aloita harjoitus' }).click();
	await onni.waitForURL(/\/app\/quality\/practice\//);
	await onni.getByText('Vuoro 1 / 2').waitFor();
	await onni.getByText('hyvä esimerkki').waitFor();
	await nobody(onni);
	await accessible(onni, 'a case to practise on');
	await picture(onni, 'practice-turn');
	assert.equal(await onni.getByText('Paketti on lajittelussa').count(), 0);
	await onni.getByRole('textbox', { name: /^Vastauksesi/ }).fill('Hei! Tarkistan paketin ja kerron sinulle tänään.');
	await onni.keyboard.press('Control+Enter');
	await onni.getByText('Paketti on lajittelussa').waitFor();
	// Who listens hears the comparison next.
	await onni.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Vuoro 1: vastaukset vierekkäin');
	await onni.getByText('Vuoro 2 / 2').waitFor();
	await onni.getByText('Mitä vastauksista voi laskea').first().click();
	await nobody(onni);
	await accessible(onni, 'two answers side by side');
	await picture(onni, 'practice-compared');
	await onni.setViewportSize({ width: 360, height: 760 });
	await fits(onni, 'two answers on a phone');
	await accessible(onni, 'two answers on a phone');
	await picture(onni, 'practice-compared-phone');
	await onni.setViewportSize({ width: 1280, height: 860 });
	await onni.getByRole('textbox', { name: /^Vastauksesi/ }).fill('Saat tekstiviestin.');
	await onni.keyboard.press('Control+Enter');
	await onni.getByRole('heading', { name: 'Miten kävi' }).waitFor();
	await onni.getByText('asiakkaan ei tarvinnut palata asiaan').waitFor();

	// The sheet is marked by digits; the last criterion stays when all have their mark.
	const current = (text) => onni.locator('.criterion.current', { hasText: text });
	await current('Ymmärrettiinkö').waitFor();
	const keys = [['3', 'Vältettiinkö'], ['1', 'Oliko vastaus oikea'], ['2', 'Vastattiinko kaikkeen'], ['3', 'Tietääkö asiakas'], ['1', 'Oliko sävy'], ['3', 'Otettiinko asiakkaan tunne'], ['3', 'Oliko kieli'], ['2', 'Pidettiinkö'], ['-', 'Varmistettiinko'], ['1', 'Käytettiinkö']];
	await onni.getByRole('heading', { name: 'Pisteytä itsesi' }).click();
	for (const [key, next] of keys) {
		await onni.keyboard.press(key);
		await current(next).waitFor();
	}
	await onni.keyboard.press('-');
	await onni.getByLabel('Mitä tästä opit').fill('Kerro aina päivä.');
	await accessible(onni, 'an exercise that is scored');
	await picture(onni, 'practice-score');
	await onni.keyboard.press('Control+Enter');
	await toast(onni, 'Pisteet tallennettiin.').waitFor();
	await onni.getByText('Kerro aina päivä.').waitFor({ state: 'attached' });
	await onni.getByRole('button', { name: 'Jaa arvioijille' }).click();
	await onni.getByText('jaettu').waitFor();
	await accessible(onni, 'a finished exercise');
	await picture(onni, 'practice-finished');
	noFaults(onni);
});

test('who reviews sees what is shared, and scores it; the trainee sees that', async () => {
	await helena.goto(`${company.url}/app/quality?tab=practice`);
	await helena.getByRole('heading', { name: 'Tiimin harjoittelu' }).waitFor();
	await helena.getByRole('row', { name: /Onni Lehto/ }).waitFor();
	await helena.getByRole('link', { name: /Onni Lehto.*Tarkistan paketin/ }).click();
	await helena.waitForURL(/\/app\/quality\/exercises\//);
	await helena.getByText('Saat tekstiviestin.').waitFor();
	await helena.getByRole('heading', { name: 'Arvioi harjoitus' }).click();
	await accessible(helena, 'another’s exercise');
	await picture(helena, 'practice-review');
	for (const group of await helena.locator('.form .criterion').all()) await group.locator('.marks button').first().click();
	await helena.getByLabel('Mitä tästä opit').fill('Hyvä alku. Sano myös, mitä asiakas voi itse tehdä.');
	await helena.getByRole('button', { name: 'Tallenna pisteet' }).click();
	await toast(helena, 'Pisteet tallennettiin.').waitFor();
	await until(async () => (await company.call('GET', 'audit?action=training_exercise.reviewed')).items.length === 1, 'the review in the audit', PATIENCE);
	const shared = helena.url();

	await onni.goto(`${company.url}/app/quality?tab=practice`);
	await onni.getByRole('heading', { name: 'Kehitys' }).waitFor();
	await onni.getByText(/^arvioija \d+/).waitFor();
	await settled(onni);
	await accessible(onni, 'one’s own practice');
	await picture(onni, 'practice-own');
	await onni.setViewportSize({ width: 360, height: 760 });
	await fits(onni, 'one’s own practice on a phone');
	await picture(onni, 'practice-own-phone');
	await onni.setViewportSize({ width: 1280, height: 860 });
	await onni.getByRole('link', { name: /Tarkistan paketin/ }).click();
	await onni.getByText('Sano myös, mitä asiakas voi itse tehdä.').waitFor();
	noFaults(onni);

	const id = shared.split('/').pop();
	await inEveryLook(helena, company, [['practice', 'quality?tab=practice'], ['practice-exercise', `quality/exercises/${id}`]]);
	noFaults(helena);
});

test('when nothing is left, the screen says why', async () => {
	await onni.goto(`${company.url}/app/quality?tab=practice`);
	await onni.getByRole('button', { name: 'Aloita harjoitus' }).click();
	await onni.getByText('Ei uusia keskusteluja harjoiteltavaksi').waitFor();
	await accessible(onni, 'nothing to practise on');
	await picture(onni, 'practice-none');
	await onni.getByRole('link', { name: /Tarkistan paketin/ }).click();
	await onni.getByRole('button', { name: 'Unohda harjoitus' }).click();
	await toast(onni, 'Harjoitus unohdettiin.').waitFor();
	await onni.getByRole('button', { name: 'Aloita harjoitus' }).waitFor();
	assert.equal(await onni.getByRole('link', { name: /Tarkistan paketin/ }).count(), 0);
	noFaults(onni);
});
