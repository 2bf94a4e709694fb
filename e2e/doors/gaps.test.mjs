/** Knowledge that grows: what nobody answered becomes an article, and what the bot got wrong is taught. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, talk, until } from '../support/company.mjs';
import { noFaults, picture, signIn, somebody } from '../support/desk.mjs';

const UNKNOWN = 'Voiko teille tuoda vanhan keinutuolin entisöitäväksi?';
const ANSWER = 'Entisöimme keinutuoleja Oulun verstaallamme. Arvioimme tuolin ennen työtä.';
let browser;
let company;
let desk;

before(async () => {
	company = await Company.open();
	await company.call('PATCH', 'bot', { unknowns_before_person: 1 });
	browser = await launch();
	desk = await company.desk(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

/** Asks and waits until the bot or a person has said something; gives the conversation's place at the desk. */
async function asked(question) {
	const { page, frame } = await company.customer(browser);
	const known = new Set((await company.call('GET', 'conversations?view=all')).items.map((one) => one.id));
	await talk(frame, [[question, '']]);
	const { id } = await until(async () => (await company.call('GET', 'conversations?view=all')).items.find((one) => !known.has(one.id)), 'the conversation');
	return { page, frame, id };
}

test('a question without an answer becomes a draft from the agent’s own words, then an article that the bot answers from', async () => {
	await desk.goto(`${company.url}/app/knowledge/gaps`);
	await desk.getByText('Ei aukkoja').waitFor();
	await picture(desk, 'gaps-empty');
	await accessible(desk, 'no gaps');
	const first = await asked(UNKNOWN);
	await first.frame.getByText('Siirrän sinut ihmiselle').waitFor();
	await desk.goto(`${company.url}/app/inbox/all/${first.id}`);
	await desk.getByRole('log').getByText(UNKNOWN).first().waitFor();
	await desk.keyboard.press('r');
	await desk.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await desk.keyboard.type(ANSWER);
	await desk.keyboard.press('Control+Enter');
	await first.frame.getByText('Oulun verstaallamme').waitFor();
	await first.page.context().close();

	await until(async () => (await company.call('GET', 'gaps?days=28')).items.length > 0, 'the gap');
	await desk.goto(`${company.url}/app/knowledge`);
	await desk.getByRole('link', { name: /Aukot/ }).click();
	const gap = desk.getByRole('article').filter({ hasText: 'keinutuolin' });
	await gap.waitFor();
	await gap.getByText(/Luonnos/).click();
	await gap.getByText('Oulun verstaallamme').waitFor();
	await picture(desk, 'gaps');
	await accessible(desk, 'gaps');
	await gap.getByRole('button', { name: 'Kirjoita artikkeli' }).click();
	await desk.waitForURL(/\/app\/knowledge\/[0-9a-f-]{36}/);
	await desk.getByLabel('Otsikko', { exact: true }).fill('Keinutuolin entisöinti');
	await desk.getByText(UNKNOWN).waitFor();
	await desk.getByText('Tallessa').first().waitFor();
	await picture(desk, 'gap-draft');
	await accessible(desk, 'the gap’s draft');
	await desk.getByRole('button', { name: 'Julkaise', exact: true }).click();
	await desk.locator('.toast', { hasText: 'Artikkeli julkaistiin' }).waitFor();

	const second = await asked(UNKNOWN);
	await second.frame.getByRole('link', { name: /Keinutuolin entisöinti/ }).waitFor();
	await picture(second.page, 'gap-answered');
	await second.page.context().close();
	await desk.goto(`${company.url}/app/knowledge/gaps`);
	await desk.getByRole('cell', { name: /Keinutuolin entisöinti/ }).waitFor();
	await picture(desk, 'gap-effects');
	await accessible(desk, 'effects of gaps');
	noFaults(desk);
});

test('what should have been answered is taught: its effect on past questions is seen first, then it is live', async () => {
	await company.call('PATCH', 'bot', { unknowns_before_person: 3 });
	const question = 'saako sen heittää rumpuun';
	const wrong = await asked(question);
	await wrong.page.context().close();
	await desk.goto(`${company.url}/app/inbox/all/${wrong.id}`);
	await desk.getByRole('button', { name: 'Miksi näin?' }).first().click({ timeout: 60_000 }).catch(async (error) => (await picture(desk, 'failed'), Promise.reject(error)));
	const reasons = desk.getByRole('dialog', { name: 'Botin perustelut' });
	await reasons.getByRole('button', { name: /Tähän olisi pitänyt vastata/ }).click();
	await reasons.getByLabel('Etsi artikkeli').fill('pellavan');
	await until(async () => (await reasons.getByLabel('Oikea artikkeli').locator('option').allInnerTexts()).includes('Miten pesen pellavan?'), 'the article among the choices');
	await reasons.getByLabel('Oikea artikkeli').selectOption({ label: 'Miten pesen pellavan?' });
	await reasons.getByRole('button', { name: 'Katso vaikutus' }).click();
	await reasons.getByText('Botti vastaisi nyt oikein.').waitFor();
	await reasons.getByText(/Kokeiltu \d+ aiemmalla kysymyksellä/).waitFor();
	await picture(desk, 'correction');
	await accessible(desk, 'a correction weighed');
	await reasons.getByRole('button', { name: 'Opeta botille' }).click();
	await desk.locator('.toast', { hasText: 'Botti oppi tämän' }).waitFor();
	const right = await asked(question);
	await right.frame.getByRole('link', { name: /Miten pesen pellavan/ }).waitFor();
	await right.page.context().close();
	noFaults(desk);
});

test('an agent proposes, and who keeps the knowledge takes it into use or forgets it', async () => {
	const invited = await company.call('POST', 'invitations', { email: 'aino@example.fi', role: 'agent' });
	const aino = await somebody(browser, company.url, { bypassCSP: true });
	await aino.goto(invited.link);
	await aino.getByLabel('Nimi').fill('Aino Savela');
	await aino.getByLabel('Salasana').fill('kolme sinistä pöllöä');
	await aino.getByRole('button', { name: 'Liity' }).click();
	await aino.waitForURL(/\/app\/inbox/);
	const asking = await asked('mites tää silitetään');
	await asking.page.context().close();
	await aino.goto(`${company.url}/app/inbox/all/${asking.id}`);
	await aino.getByRole('button', { name: 'Miksi näin?' }).first().click();
	const reasons = aino.getByRole('dialog', { name: 'Botin perustelut' });
	await reasons.getByRole('button', { name: /Tähän olisi pitänyt vastata/ }).click();
	await reasons.getByLabel('Etsi artikkeli').fill('pellavan');
	await until(async () => (await reasons.getByLabel('Oikea artikkeli').locator('option').allInnerTexts()).includes('Miten pesen pellavan?'), 'the article among the choices');
	await reasons.getByLabel('Oikea artikkeli').selectOption({ label: 'Miten pesen pellavan?' });
	await reasons.getByRole('button', { name: 'Katso vaikutus' }).click();
	await reasons.getByText('Tietopankin ylläpitäjä ottaa tämän käyttöön.').waitFor();
	noFaults(aino);
	await aino.context().close();

	await desk.goto(`${company.url}/app/knowledge/taught`);
	const waiting = desk.getByRole('listitem').filter({ hasText: 'mites tää silitetään' });
	await waiting.getByText('Odottaa hyväksyntää').waitFor();
	await picture(desk, 'taught');
	await accessible(desk, 'taught wordings');
	await waiting.getByRole('button', { name: 'Ota käyttöön' }).click();
	await waiting.getByText('Käytössä').waitFor();
	const taught = desk.getByRole('listitem').filter({ hasText: 'saako sen heittää rumpuun' });
	await taught.getByRole('button', { name: 'Unohda' }).click();
	await taught.waitFor({ state: 'detached' });
	await until(async () => (await company.call('GET', 'bot/examples')).items.length === 1, 'one wording left');
	noFaults(desk);
});
