/** What an agent promises and what they may give: proposed, confirmed, bounded, approved, and told in the reports. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { fits } from '../support/looks.mjs';

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
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const bar = (page) => page.getByRole('group', { name: 'Lupaus vastauksessasi' });
const toast = (page, text) => page.locator('.toast', { hasText: text });
const dialog = (page) => page.getByRole('dialog');
const promises = async (id) => (await company.call('GET', `conversations/${id}/promises`)).items;
async function open(page, id) {
	await page.goto(`${company.url}/app/inbox/all/${id}`);
	await page.getByRole('textbox', { name: 'Vastaa' }).waitFor();
}
async function answer(page, text) {
	await page.getByRole('textbox', { name: 'Vastaa' }).fill(text);
	await page.getByRole('textbox', { name: 'Vastaa' }).press('Control+Enter');
}

test('what an answer promises is proposed and recorded at one tap, changed, or not at all', async () => {
	const id = await company.asked('Liisa Virta', 'Missä pakettini on?');
	await open(helena, id);
	await answer(helena, 'Selvitän asian kuljetusliikkeestä. Soitan sinulle huomenna klo 10.');
	await bar(helena).getByText(/^Lupaus: .*10[.:]00/).waitFor();
	await accessible(helena, 'a promise that is proposed');
	await picture(helena, 'promise-proposed');
	assert.deepEqual(await promises(id), []);
	await bar(helena).getByRole('button', { name: 'Pidä kirjoissa' }).click();
	await toast(helena, /Lupaus kirjattiin/).waitFor();
	await bar(helena).waitFor({ state: 'detached' });
	const [first] = await promises(id);
	assert.deepEqual([first.body, first.state, new Date(first.due_at / 1000).toLocaleTimeString('fi', { timeZone: 'Europe/Helsinki' })], ['Soitan sinulle huomenna klo 10.', 'open', '10.00.00']);

	await answer(helena, 'Hyvitys maksetaan perjantaihin mennessä.');
	await bar(helena).getByRole('button', { name: 'Muuta aikaa' }).click();
	await bar(helena).getByLabel('Mihin mennessä').fill('2035-05-04T12:30');
	await accessible(helena, 'a promise that is changed');
	await picture(helena, 'promise-changed');
	await bar(helena).getByRole('button', { name: 'Pidä kirjoissa' }).click();
	await until(async () => (await promises(id)).length === 2, 'the second promise', PATIENCE);

	await answer(helena, 'Palaan asiaan ensi viikolla.');
	await helena.setViewportSize({ width: 360, height: 760 });
	await bar(helena).getByRole('button', { name: 'Ei lupaus' }).waitFor();
	await accessible(helena, 'a promise on a phone');
	await fits(helena, 'a promise on a phone');
	await picture(helena, 'promise-phone');
	await bar(helena).getByRole('button', { name: 'Ei lupaus' }).click();
	await bar(helena).waitFor({ state: 'detached' });
	await helena.setViewportSize({ width: 1280, height: 860 });
	assert.equal((await promises(id)).length, 2);
	await helena.goto(`${company.url}/app/inbox/promised`);
	await helena.getByRole('listitem').filter({ hasText: 'Liisa Virta' }).waitFor();
	noFaults(helena);
});

test('a budget bounds what is given, and above it somebody else decides', async () => {
	await helena.goto(`${company.url}/app/settings/authority`);
	await helena.getByRole('button', { name: 'Uusi budjetti' }).click();
	await dialog(helena).getByLabel('Enintään', { exact: true }).fill('50');
	await dialog(helena).getByLabel('Kerralla enintään').fill('30');
	await accessible(helena, 'the editor of a budget');
	await dialog(helena).getByRole('button', { name: 'Tallenna' }).click();
	await helena.getByText(/50,00\s€ kuukaudessa, kerralla enintään 30,00\s€/).waitFor();
	await accessible(helena, 'budgets');
	await picture(helena, 'authority-budgets');

	const id = await company.asked('Matti Meri', 'Kahvit olivat rikki');
	await open(aino, id);
	const give = async (amount, reason) => {
		await aino.getByRole('button', { name: 'Hyvitä' }).click();
		await dialog(aino).getByText(/Jäljellä/).waitFor();
		await dialog(aino).getByLabel('Arvo').fill(amount);
		await dialog(aino).getByLabel('Miksi').fill(reason);
	};
	await give('20', 'Rikkoutui kuljetuksessa');
	await accessible(aino, 'giving');
	await picture(aino, 'authority-give');
	await dialog(aino).getByRole('button', { name: 'Hyvitä' }).click();
	await toast(aino, /Hyvitys kirjattiin: 20,00/).waitFor();
	await aino.getByText('annettu').first().waitFor();
	await give('40', 'Koko tilaus oli rikki');
	await dialog(aino).getByText('Menee budjettisi yli.', { exact: false }).waitFor();
	await dialog(aino).getByRole('button', { name: 'Pyydä hyväksyntä' }).click();
	await aino.getByText('odottaa päätöstä').first().waitFor();
	await accessible(aino, 'what was given');
	await picture(aino, 'authority-given');

	await helena.goto(`${company.url}/app/approvals`);
	await helena.getByText('Koko tilaus oli rikki').waitFor();
	await accessible(helena, 'requests to give');
	await picture(helena, 'authority-approvals');
	await helena.getByLabel('Perustelu').fill('Selvä tapaus');
	await helena.getByRole('button', { name: 'Hyväksy' }).click();
	await helena.getByText('Mikään ei odota päätöstä').waitFor();
	// The one who asked sees it without doing anything.
	await aino.getByText(/Selvä tapaus/).waitFor();
	await aino.getByText('odottaa päätöstä').waitFor({ state: 'detached' });
	const given = (await company.call('GET', `conversations/${id}/grants`)).items.map((one) => [one.state, one.amount_minor]);
	assert.deepEqual(given, [['given', 4000], ['given', 2000]]);
	await helena.setViewportSize({ width: 360, height: 760 });
	await helena.getByRole('combobox', { name: 'Tila' }).selectOption('given');
	await helena.getByText('Koko tilaus oli rikki').waitFor();
	await accessible(helena, 'approvals on a phone');
	await fits(helena, 'approvals on a phone');
	await picture(helena, 'authority-phone');
	await helena.setViewportSize({ width: 1280, height: 860 });
	noFaults(helena);
	noFaults(aino);
});

test('labels stand beside a clock, and what held is told with its cases', async () => {
	await company.call('POST', 'sla-policies', { name: 'Perus', targets: { first_answer: 60, resolution: 480 } });
	const label = (await company.call('POST', 'labels', { name: 'toimituksen viivästyminen', color: '#0b7285' })).id;
	const id = await company.asked('Raija Ranta', 'Missä tilaukseni on?');
	await company.call('PUT', `conversations/${id}/labels/${label}`, {});
	await open(helena, id);
	await helena.getByRole('button', { name: /Kellot ja lupaukset, Ensimmäinen vastaus/ }).waitFor();
	const chip = helena.getByRole('group', { name: 'Tunnisteet' }).getByText('toimituksen viivästyminen');
	for (const width of [1280, 768, 360]) {
		await helena.setViewportSize({ width, height: 860 });
		const box = await chip.boundingBox();
		assert.ok(box && box.width > 120 && box.x >= 0, `the label at ${width}: ${JSON.stringify(box)}`);
		await helena.getByRole('button', { name: 'Sulje', exact: true }).first().click({ trial: true });
		await fits(helena, `a thread at ${width}`);
		await accessible(helena, `a thread with a label at ${width}`);
		await picture(helena, `thread-label-${width}`);
	}
	await helena.setViewportSize({ width: 1280, height: 860 });
	await company.call('POST', `conversations/${id}/messages`, { client_key: 'a', body: 'Matkalla!', visibility: 'public' });
	await until(async () => (await company.call('GET', `conversations/${id}/clocks`)).items.some((clock) => clock.outcome === 'met'), 'the clock that was met', PATIENCE);
	await helena.goto(`${company.url}/app/reports`);
	const first = helena.getByRole('article', { name: 'Ensimmäinen vastaus' });
	await first.getByText('Alle 10 ratkennutta: osuutta ei näytetä.').waitFor();
	await first.getByRole('button', { name: 'Ajoissa 1' }).click();
	await helena.getByRole('heading', { name: 'Tapaukset: Ensimmäinen vastaus, ajoissa' }).waitFor();
	await helena.getByRole('region', { name: 'Tapaukset: Ensimmäinen vastaus, ajoissa' }).getByRole('link', { name: /Raija Ranta/ }).waitFor();
	await accessible(helena, 'how service levels held');
	await picture(helena, 'service-levels-held');
	noFaults(helena);
});
