/** What an agent promises: proposed, confirmed, kept in sight, and told in the reports. */
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

async function customer(name, text) {
	const visitor = await (await company.raw('POST', `/widget/v1/${company.chat.public_key}/visitor`, { locale: 'fi' })).json();
	const headers = { 'content-type': 'application/json', authorization: `Visitor ${visitor.token}` };
	const send = async (method, path, body) => (await fetch(`${company.url}${path}`, { method, headers, body: JSON.stringify(body) })).json();
	await send('PATCH', '/widget/v1/visitor', { name });
	return (await send('POST', '/widget/v1/messages', { client_key: `${Math.random()}`, body: text })).conversation_id;
}

before(async () => {
	[company, browser] = await Promise.all([Company.open({ channel: { settings: { mode: 'person_only' } }, faq: null }), launch()]);
	helena = await company.desk(browser);
	helena.context().setDefaultTimeout(PATIENCE);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const bar = (page) => page.getByRole('group', { name: 'Lupaus vastauksessasi' });
const toast = (page, text) => page.locator('.toast', { hasText: text });
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
	const id = await customer('Liisa Virta', 'Missä pakettini on?');
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

test('labels stand beside a clock, and what held is told with its cases', async () => {
	await company.call('POST', 'sla-policies', { name: 'Perus', targets: { first_answer: 60, resolution: 480 } });
	const label = (await company.call('POST', 'labels', { name: 'toimituksen viivästyminen', color: '#0b7285' })).id;
	const id = await customer('Raija Ranta', 'Missä tilaukseni on?');
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
