/** What the customer wants done: every ready flow in the real widget, and the desk where flows are drawn and requests are done. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, talk, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';

let browser;
let company;
let desk;

before(async () => {
	company = await Company.open();
	browser = await launch();
	desk = await company.desk(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
});

const requests = async () => (await company.call('GET', 'requests?state=open')).items;
let customers = 0;
/** Somebody who is signed in at the shop and has bought things, in a conversation of their own. */
async function liisa() {
	const subject = `liisa-${(customers += 1)}`;
	await company.bought(subject);
	return company.customer(browser, { subject });
}

test('where is my order: which one is asked, its parcel is told, and the next one too', async () => {
	const { page, frame } = await liisa();
	await talk(frame, [
		['moi, missä mun tilaus on?', 'Mitä tilausta'],
		['se muki', 'JJFI600022'],
		['missä tilaus 10023 viipyy?', 'käsittelyssä'],
		['entä missä tilaus 10021 on?', 'merkitty toimitetuksi'],
		['>Ei, en ole saanut sitä', 'selvittää asian kuljetusliikkeen kanssa']
	]);
	await picture(page, 'flow-track');
	await accessible(frame, 'a flow that went to a person');
	noFaults(page);
	await page.context().close();
});

test('somebody unknown proves an order with its number and address; a wrong address opens nothing', async () => {
	await company.bought('todistaja');
	const { page, frame } = await company.customer(browser);
	await talk(frame, [
		['Missä tilaukseni on?', 'tilausnumerosi'],
		['10022', 'sähköpostiosoitteella'],
		['vieras@example.com', 'eivät täsmää'],
		['tilaus 10022, todistaja@example.fi', 'JJFI600022']
	]);
	noFaults(page);
	await page.context().close();
});

/** The rest each end in a request that people see: what is said, in order, and what is recorded. */
const RECORDED = {
	return: [['Haluan palauttaa tilauksen 10021', 'Mitä niistä palautat'], ['villapaidan', 'Miksi'], ['>Koko tai malli ei sovi', 'Onko tämä oikein'], ['eiku siinä on vika', 'Siinä on vika'], ['>Kyllä', 'on kirjattu']],
	exchange: [['Voinko vaihtaa villapaidan isompaan kokoon?', 'Mistä tilauksesta'], ['10021', 'Minkä niistä'], ['villapaita', 'Mitä haluat tilalle'], ['koko L', 'oikein'], ['kyllä', 'kirjattu']],
	address_change: [['Haluan muuttaa tilauksen 10023 toimitusosoitteen', 'Mihin tilaus 10023'], ['Oikeatie 2, 33100 Tampere', 'Oikeatie 2'], ['joo', 'ei ole vielä tehty']],
	invoice_copy: [['Tarvitsen laskun kopion', 'sähköposti'], ['liisa@example.com', 'Onko oikein'], ['kyllä', 'kirjattu']],
	payment_extension: [['Voinko saada laskulle lisää maksuaikaa?', 'Mihin päivään'], ['ensi maanantaihin', 'Onko oikein'], ['kyllä', 'ei ole vielä muuttunut']],
	subscription_pause: [['Haluan laittaa kuukausitilauksen tauolle', 'Kahviboksi'], ['ensi maanantaihin', 'Onko oikein'], ['joo', 'jatkuu entisellään']],
	subscription_cancellation: [['Haluan irtisanoa kahvitilaukseni', 'Kahviboksi'], ['>Ohita', 'Oletko varma'], ['kyllä', 'Irtisanominen on kirjattu']],
	access_reset: [['Unohdin salasanan, miten vaihdan sen?', 'kirjautumissivu'], ['>Ei auttanut', 'sähköpostiosoite'], ['liisa@example.com', 'Onko oikein'], ['kyllä', 'varmistaa ensin']],
	call: [['Haluaisin varata ajan ensi viikolle', 'Mitä soitto koskee'], ['sohvan kuljetus', 'numeroon'], ['040 123 4567', 'päivä'], ['huomenna', 'aikaan'], ['>Aamupäivä', 'oikein'], ['ei, tarkoitin iltapäivää', 'Iltapäivä'], ['joo', 'kirjattu']]
};
for (const [kind, lines] of Object.entries(RECORDED)) {
	test(`${kind}: gathered step by step, recorded after the yes, and handed to people`, async () => {
		const { page, frame } = await liisa();
		const before = (await requests()).length;
		await talk(frame, lines.slice(0, -1));
		assert.equal((await requests()).length, before, 'nothing before the yes');
		await talk(frame, lines.slice(-1));
		const [newest] = await until(async () => ((await requests()).length > before ? requests() : null), `the request ${kind}`);
		assert.equal(newest.kind, kind);
		await picture(page, `flow-${kind}`);
		noFaults(page);
		await page.context().close();
	});
}

test('what is unclear is asked back, and the tapped choice is answered', async () => {
	const { page, frame } = await company.customer(browser);
	await frame.locator('#message').fill('pesu ja maksaminen');
	await frame.locator('#message').press('Enter');
	await frame.locator('.choice').first().waitFor();
	const offered = await frame.locator('.choice').allInnerTexts();
	assert.ok(offered.length >= 2, offered.join());
	await picture(page, 'flow-ask-back');
	await talk(frame, [[`>${offered.find((one) => /maksaa/.test(one)) ?? offered[0]}`, /maksaa/.test(offered.join()) ? 'MobilePay' : '']]);
	noFaults(page);
	await page.context().close();
});

test('the requests wait at the desk, with what was gathered; done is done', async () => {
	await desk.goto(`${company.url}/app/flows`);
	await desk.getByRole('tab', { name: /Avoimet pyynnöt/ }).click();
	const row = desk.getByRole('listitem').filter({ hasText: 'siinä on vika' }).or(desk.getByRole('listitem').filter({ hasText: 'Siinä on vika' }));
	await row.waitFor();
	await picture(desk, 'requests');
	await accessible(desk, 'requests');
	await row.getByRole('link').click();
	await desk.waitForURL(/\/app\/inbox\/all\//);
	await desk.getByText('Siinä on vika').first().waitFor();
	await picture(desk, 'request-thread');
	await accessible(desk, 'a request in its thread');
	await desk.goBack();
	await desk.getByRole('tab', { name: /Avoimet pyynnöt/ }).click();
	const open = (await requests()).length;
	await row.getByRole('button', { name: 'Tehty' }).click();
	await desk.locator('.toast', { hasText: 'Pyyntö merkittiin tehdyksi' }).waitFor();
	await until(async () => (await requests()).length === open - 1, 'the request is done on the server');
	noFaults(desk);
});

test('a flow is changed in its drawing, tried, published, and the bot follows it; the old version can be had back', async () => {
	await desk.goto(`${company.url}/app/flows`);
	await desk.getByRole('link', { name: /Missä tilaukseni on/ }).click();
	const graph = desk.getByRole('group', { name: /Työnkulun vaiheet/ });
	await graph.getByRole('button', { name: /no_orders/ }).click();
	await picture(desk, 'flow-editor');
	await accessible(desk, 'flow editor');
	// Along the ways by keys.
	await graph.getByRole('button', { name: /^which/ }).focus();
	await desk.keyboard.press('ArrowDown');
	await until(() => desk.evaluate(() => document.activeElement?.id === 'step-state' || document.activeElement?.id === 'step-no_orders'), 'the focus on a step below');
	await graph.getByRole('button', { name: /moving_link/ }).click();
	const text = desk.getByLabel(/^Teksti · suomi/);
	await text.fill('{order.number} matkustaa: {order.tracking}. Seuraa: {order.link}');
	await text.blur();
	await desk.getByText('Tallentamatta').waitFor();
	// What would not work is said at its step, and cannot be published.
	await text.fill('{order.nimber} matkustaa');
	await text.blur();
	await desk.getByText('1 virhe').waitFor();
	assert.equal(await desk.getByRole('button', { name: 'Julkaise' }).isDisabled(), true);
	await picture(desk, 'flow-editor-flaw');
	await accessible(desk, 'flow editor with a flaw');
	await text.fill('{order.number} matkustaa: {order.tracking}. Seuraa: {order.link}');
	await text.blur();
	await desk.getByText('Eheä').waitFor();
	await desk.getByRole('tab', { name: 'Kokeile' }).click();
	await desk.getByLabel('Sano jotain asiakkaana').fill('missä tilaus 10022 on');
	await desk.keyboard.press('Enter');
	await desk.getByRole('log').getByText('10022 matkustaa: JJFI600022').waitFor();
	await picture(desk, 'flow-try');
	await accessible(desk, 'flow tried');
	await desk.getByRole('tab', { name: 'Testit' }).click();
	await desk.getByText('Läpi', { exact: true }).first().waitFor();
	await picture(desk, 'flow-tests');
	await desk.getByRole('button', { name: 'Julkaise' }).click();
	await desk.locator('.toast', { hasText: 'Julkaistu' }).waitFor();
	const { page, frame } = await liisa();
	await talk(frame, [['missä tilaus 10022 on?', '10022 matkustaa: JJFI600022']]);
	await page.context().close();
	await desk.getByRole('tab', { name: 'Versiot' }).click();
	await desk.getByRole('listitem').filter({ hasText: 'Valmis' }).getByRole('button', { name: 'Palauta muokattavaksi' }).click();
	await desk.getByRole('button', { name: 'Julkaise' }).click();
	await desk.getByText('Versio 2').first().waitFor();
	await picture(desk, 'flow-versions');
	await accessible(desk, 'flow versions');
	noFaults(desk);
});

test('a flow of one’s own begins from nothing and tells what it still lacks', async () => {
	await desk.goto(`${company.url}/app/flows`);
	await desk.getByRole('button', { name: 'Uusi työnkulku' }).click();
	await accessible(desk, 'new flow');
	const dialog = desk.getByRole('dialog', { name: 'Uusi työnkulku' });
	await dialog.getByLabel('Nimi').fill('lahjapaketointi');
	await dialog.getByRole('button', { name: 'Uusi työnkulku' }).click();
	await desk.waitForURL(/\/app\/flows\/lahjapaketointi/);
	await desk.getByRole('button', { name: 'Lisää vaihe tämän jälkeen' }).waitFor();
	await picture(desk, 'flow-new');
	await accessible(desk, 'new flow drawn');
	noFaults(desk);
});
