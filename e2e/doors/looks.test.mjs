/** Screens that hold a company's own things, each in both themes, three languages and at a phone's width. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults } from '../support/desk.mjs';
import { anyOf, inEveryLook } from '../support/looks.mjs';

let browser;
let company;
let desk;
const ids = {};

async function say(text) {
	const visitor = await (await company.raw('POST', `/widget/v1/${company.chat.public_key}/visitor`, { locale: 'fi', identity: await company.identity('liisa', 'Liisa Meri') })).json();
	const answer = await fetch(`${company.url}/widget/v1/messages`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Visitor ${visitor.token}` }, body: JSON.stringify({ client_key: `${Math.random()}`, body: text }) });
	return (await answer.json()).conversation_id;
}

before(async () => {
	[company, browser] = await Promise.all([Company.open(), launch()]);
	await company.bought('liisa');
	ids.contact = (await company.call('GET', 'contacts?email=liisa@example.fi')).items[0].id;
	ids.company = (await company.call('POST', 'companies', { name: 'Meren Sisustus Oy', domain: 'meri.example', business_id: '1234567-1' })).id;
	await company.call('PUT', `contacts/${ids.contact}/companies/${ids.company}`, {});
	ids.conversation = await say('Haluan palauttaa tilauksen 10021');
	await until(async () => (await company.call('GET', `conversations/${ids.conversation}/bot-turns`)).items?.length ?? 1, 'the bot’s turn');
	const [article] = (await company.call('GET', 'articles')).items;
	ids.article = article.id;
	const { texts } = await company.call('GET', `articles/${article.id}`);
	await company.call('PUT', `articles/${article.id}/texts/fi`, { title: texts.fi.title, body: `${texts.fi.body}\n\n## Ongelmatilanteissa\n\nOta yhteyttä.`, version: texts.fi.version });
	await company.call('POST', 'bot/examples', { article_id: article.id, question: 'käykö teillä masterikortti', locale: 'fi' });
	await company.call('POST', 'webhooks', { url: 'https://vastaanotto.example/ennakoi', kinds: ['conversation.opened', 'message.added'] });
	await company.call('POST', 'api-keys', { name: 'Verkkokaupan integraatio', scopes: ['contacts:read', 'commerce:write'] });
	desk = await company.desk(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const dialog = (page) => page.getByRole('dialog').first().waitFor();
const tab = (number) => async (page) => page.getByRole('main').getByRole('tab').nth(number).click();

test('people, companies and knowledge', async () => {
	await inEveryLook(desk, company, [
		['contact', `contacts/${ids.contact}`],
		['company', `companies/${ids.company}`],
		['article', `knowledge/${ids.article}?locale=fi`],
		['article-versions', `knowledge/${ids.article}?locale=fi`, async (page) => (await page.getByRole('button', { name: anyOf('article.versions') }).click(), dialog(page))],
		['taught', 'knowledge/taught'],
		['gaps', 'knowledge/gaps']
	]);
	noFaults(desk);
});

test('flows and their requests', async () => {
	await inEveryLook(desk, company, [
		['flows', 'flows'],
		['flow', 'flows/return_order'],
		['flow-try', 'flows/return_order', tab(2)],
		['flow-tests', 'flows/return_order', tab(3)]
	]);
	noFaults(desk);
});

test('settings with something in them', async () => {
	await inEveryLook(desk, company, [
		['webhooks', 'settings/webhooks'],
		['keys', 'settings/keys'],
		['audit', 'settings/audit'],
		['mailboxes', 'settings/mailboxes'],
		['bot', 'settings/bot']
	]);
	noFaults(desk);
});
