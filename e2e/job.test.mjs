// The first complete job, as the customer and the agent do it: ask, be answered, ask for a person, be served, say how it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Owner, launch, panel, url } from './support/app.mjs';

let browser;
let owner;
before(async () => {
	browser = await launch();
	owner = await Owner.signIn();
	owner.workspace = process.env.ENNAKOI_WORKSPACE;
});
after(() => browser.close());

const say = async (frame, text) => {
	await frame.locator('textarea').fill(text);
	await frame.locator('textarea').press('Enter');
	await frame.locator('.mine', { hasText: text }).waitFor();
};

test('a customer is answered from the FAQ, asks for a person, is served, and says how it was', async () => {
	const customer = await (await browser.newContext({ locale: 'fi-FI' })).newPage();
	await customer.goto(`${url}/demo/pellavala`);
	const frame = await panel(customer);
	await say(frame, 'moi mis mun paketti viipyy, tilasin viikko sitten');
	await frame.getByText('kone enkä ihminen').waitFor();
	await frame.getByText('Saat seurantakoodin').waitFor();
	await frame.getByRole('link', { name: /Missä tilaukseni on/ }).waitFor();
	await say(frame, 'mikä on maailmankaikkeuden ikä');

	const desk = await browser.newContext({ locale: 'fi-FI', viewport: { width: 1440, height: 900 } });
	const agent = await desk.newPage();
	await agent.goto(`${url}/app/`);
	await agent.locator('input[type=email]').fill('owner@localhost');
	await agent.locator('input[type=password]').fill(process.env.ENNAKOI_PASSWORD);
	await agent.keyboard.press('Enter');
	await agent.waitForURL(/\/app\/(inbox|setup)/);
	await agent.goto(`${url}/app/inbox/unassigned`);
	await agent.getByText('Jonossa').first().waitFor();

	// The way to a person is always there; the conversation arrives live in the open list.
	const wish = 'en saa tästä tolkkua, haluan jutella ihmisen kanssa';
	await say(frame, wish);
	await frame.getByText('Siirrän sinut ihmiselle').waitFor();
	const row = agent.locator('[role=row], [role=option], li, a', { hasText: 'Siirrän sinut ihmiselle' }).first();
	await row.waitFor({ timeout: 60_000 });
	await row.click();
	await agent.getByText(wish).first().waitFor();

	const answer = 'Hei! Katson heti, missä pakettisi on.';
	const composer = agent.getByRole('combobox', { name: 'Vastaa' }).or(agent.getByRole('textbox', { name: 'Vastaa' }));
	await composer.fill(answer);
	await composer.press('Control+Enter');
	await frame.getByText(answer).waitFor();

	if (process.env.ENNAKOI_SCREENSHOTS) {
		await agent.screenshot({ path: `${process.env.ENNAKOI_SCREENSHOTS}/desk.png` });
		await customer.screenshot({ path: `${process.env.ENNAKOI_SCREENSHOTS}/customer.png` });
	}
	const thanks = 'kiitos, odotan tässä';
	await say(frame, thanks);
	await agent.getByText(thanks).first().waitFor();

	const listed = await owner.call('GET', 'conversations?view=all');
	const conversation = listed.items.find((one) => one.reason === 'person_requested');
	assert.equal(conversation.owner.kind, 'agent');
	await owner.call('PUT', `conversations/${conversation.id}/closure`, {});
	// The customer is asked whether it was solved, and how it was.
	await frame.getByRole('button', { name: /^Kyllä/ }).click();
	// The radio itself is hidden behind its number, as sighted people click it.
	await frame.locator('input[name=score][value="5"]').check({ force: true });
	const sent = frame.getByRole('button', { name: /Lähetä|Valmis/ });
	if (await sent.first().isVisible().catch(() => false)) await sent.first().click();
	let rated;
	for (let tries = 0; tries < 600 && rated?.rating !== 5; tries++) {
		rated = await owner.call('GET', `conversations/${conversation.id}`);
		await agent.waitForTimeout(100);
	}
	assert.equal(rated.solved, true);
	assert.equal(rated.rating, 5);
});
