/** Every door that staff come in by, in a real browser: invitation, password, second step, passkey, the workplace's own sign-in. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { noFaults, picture, signIn, signOut, somebody } from '../support/desk.mjs';
import { provider } from '../support/oidc.mjs';
import { png } from '../support/pictures.mjs';
import { start } from '../support/server.mjs';
import { code } from '../support/totp.mjs';

const AINO = 'aino@example.fi';
let password = 'kolme sinistä pöllöä';
let server;
let browser;
let owner;
let aino;
let workplace;

before(async () => {
	server = await start({ ENNAKOI_SECURITY_PRIVATE_EGRESS: 'true' });
	browser = await launch();
	workplace = await provider({ sub: 'person-1', email: AINO });
	owner = await somebody(browser, server.url, { bypassCSP: true });
	await signIn(owner, 'owner@localhost', server.password);
	await owner.waitForURL(/\/app\/setup/);
	await owner.evaluate(async () => {
		const headers = { 'content-type': 'application/json', 'x-requested-with': 'ennakoi' };
		await fetch('/api/v1/workspaces', { method: 'POST', headers, body: JSON.stringify({ name: 'Pihlajan Puoti' }) });
		// In the language of this test, whatever the account was made with.
		await fetch('/api/v1/profile', { method: 'PATCH', headers, body: JSON.stringify({ locale: 'fi', name: 'Helena Rautio' }) });
	});
	aino = await somebody(browser, server.url, { bypassCSP: true });
});
after(async () => {
	workplace?.close();
	await browser?.close();
	server?.stop();
});

const refused = (page, text) => page.getByRole('alert').getByText(text).first().waitFor();
const arrived = (page) => page.waitForURL(/\/app\/inbox/);
const card = (page, title) => page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) });

test('an invitation makes an account, once', async () => {
	await owner.goto(`${server.url}/app/settings/team`);
	await owner.getByLabel('Sähköposti').fill('not an address');
	await owner.getByLabel('Sähköposti').evaluate((field) => field.form.setAttribute('novalidate', ''));
	await owner.getByRole('button', { name: 'Kutsu', exact: true }).click();
	await refused(owner, 'Sähköposti:');
	assert.equal(await owner.getByLabel('Sähköposti').inputValue(), 'not an address', 'nothing is lost');
	await owner.getByLabel('Sähköposti').fill(AINO);
	await owner.getByRole('button', { name: 'Kutsu', exact: true }).click();
	await owner.getByText(`Kutsu lähti: ${AINO}.`).waitFor();
	const link = await owner.getByLabel('Kutsulinkki').first().textContent();
	await accessible(owner, 'team with an invitation');

	await aino.goto(link);
	await aino.getByText(`Kutsu on osoitteelle ${AINO}`).waitFor();
	await accessible(aino, 'invitation');
	await picture(aino, 'door-invitation');
	await aino.getByLabel('Nimi').fill('Aino Savela');
	await aino.getByLabel('Salasana').fill('password1234');
	await aino.getByRole('button', { name: 'Liity' }).click();
	await refused(aino, 'liian helppo arvata');
	assert.equal(await aino.getByLabel('Nimi').inputValue(), 'Aino Savela');
	await aino.getByLabel('Salasana').fill(password);
	await aino.getByRole('button', { name: 'Liity' }).click();
	await arrived(aino);

	const late = await somebody(browser, server.url);
	await late.goto(link);
	await late.getByRole('heading', { name: 'Kutsu ei ole voimassa' }).waitFor();
	await late.context().close();
	noFaults(aino);
});

test('a picture of oneself is made small and shown', async () => {
	await aino.goto(`${server.url}/app/profile`);
	const field = aino.getByRole('group', { name: 'Kuva, jonka asiakkaat näkevät' });
	await field.locator('input[type=file]').setInputFiles({ name: 'kasvot.png', mimeType: 'image/png', buffer: png(3000, 2200, [180, 120, 90]) });
	await aino.getByText('Kuva vaihdettiin').waitFor();
	const shown = aino.locator('nav img').last();
	await shown.waitFor();
	assert.deepEqual(await shown.evaluate(async (image) => (await image.decode(), [image.naturalWidth, image.naturalHeight])), [512, 512]);
	await field.getByRole('button', { name: 'Poista kuva' }).click();
	await aino.getByText('Kuva poistettiin').waitFor();
	noFaults(aino);
});

test('a second step is set up, asked for, and has a way around a lost phone', async () => {
	await aino.goto(`${server.url}/app/profile`);
	const part = card(aino, 'Kaksivaiheinen kirjautuminen');
	await part.getByRole('button', { name: 'Ota käyttöön' }).click();
	await part.getByRole('img', { name: 'QR-koodi' }).waitFor();
	assert.ok(await part.getByRole('img', { name: 'QR-koodi' }).evaluate(async (image) => (await image.decode(), image.naturalWidth > 0)), 'the picture can be drawn under the page’s policy');
	const secret = await part.locator('code').textContent();
	await accessible(aino, 'setting up a second step');
	await part.scrollIntoViewIfNeeded();
	await picture(aino, 'door-totp');
	await part.getByLabel('Kuusinumeroinen koodi').fill(code(secret) === '000000' ? '111111' : '000000');
	await part.getByRole('button', { name: 'Vahvista' }).click();
	await part.getByText('Koodi ei ole oikein').first().waitFor();
	await part.getByLabel('Kuusinumeroinen koodi').fill(code(secret));
	await part.getByRole('button', { name: 'Vahvista' }).click();
	await part.getByText('Käytössä').waitFor();
	const recovery = (await part.getByLabel('Palautuskoodit').textContent()).trim().split('\n');
	assert.ok(recovery.length >= 8, recovery.join());
	await picture(aino, 'door-recovery');

	await signOut(aino);
	await signIn(aino, AINO, password);
	await aino.getByRole('heading', { name: 'Vahvista kirjautuminen' }).waitFor();
	await accessible(aino, 'the second step');
	await picture(aino, 'door-second-step');
	await aino.getByLabel('Kuusinumeroinen koodi').fill('12345');
	await aino.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
	await refused(aino, 'Koodi ei ole oikein');
	// The code before was used up; the next one is taken a little early.
	await aino.getByLabel('Kuusinumeroinen koodi').fill(code(secret, 1));
	await aino.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
	await arrived(aino);

	await signOut(aino);
	await signIn(aino, AINO, password);
	await aino.getByLabel('Kuusinumeroinen koodi').fill(recovery[0]);
	await aino.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
	await arrived(aino);
	await signOut(aino);
	await signIn(aino, AINO, password);
	await aino.getByLabel('Kuusinumeroinen koodi').fill(recovery[0]);
	await aino.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
	await refused(aino, 'Koodi ei ole oikein');
	await aino.getByLabel('Kuusinumeroinen koodi').fill(recovery[1]);
	await aino.getByRole('button', { name: 'Kirjaudu', exact: true }).click();
	await arrived(aino);

	await aino.goto(`${server.url}/app/profile`);
	await part.getByRole('button', { name: 'Poista käytöstä' }).click();
	const dialog = aino.getByRole('dialog');
	await dialog.getByLabel('Salasana').fill('väärä salasana');
	await dialog.getByRole('button', { name: 'Poista käytöstä' }).click();
	await refused(dialog, 'Salasana ei ole oikein');
	await dialog.getByLabel('Salasana').fill(password);
	await dialog.getByRole('button', { name: 'Poista käytöstä' }).click();
	await part.getByRole('button', { name: 'Ota käyttöön' }).waitFor();
	noFaults(aino);
});

test('a passkey is made and opens the door by itself', async () => {
	const device = await aino.context().newCDPSession(aino);
	await device.send('WebAuthn.enable');
	await device.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
	await aino.goto(`${server.url}/app/profile`);
	const part = card(aino, 'Avainkoodit');
	await part.getByLabel('Nimi, esim. Työkone').fill('Työkone');
	await part.getByRole('button', { name: 'Lisää avainkoodi' }).click();
	await part.getByText('Työkone').waitFor();
	await part.scrollIntoViewIfNeeded();
	await picture(aino, 'door-passkeys');
	await accessible(aino, 'profile with a passkey');
	await signOut(aino);
	await picture(aino, 'door-sign-in');
	await aino.getByRole('button', { name: 'Kirjaudu avainkoodilla' }).click();
	await arrived(aino);
	await aino.goto(`${server.url}/app/profile`);
	await part.getByText(/käytetty/).waitFor();
	await part.getByRole('button', { name: 'Poista' }).click();
	await part.getByText('Työkone').waitFor({ state: 'detached' });
	await signOut(aino);
	await aino.getByRole('button', { name: 'Kirjaudu avainkoodilla' }).click();
	await refused(aino, 'Avainkoodia ei hyväksytty');
	await signIn(aino, AINO, password);
	await arrived(aino);
	noFaults(aino);
});

test('sessions are listed, and another one is ended at once', async () => {
	const elsewhere = await somebody(browser, server.url, { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0' });
	await signIn(elsewhere, AINO, password);
	await arrived(elsewhere);
	await aino.goto(`${server.url}/app/profile`);
	const part = card(aino, 'Istunnot');
	const line = part.locator('p', { hasText: 'Firefox · Windows' });
	await line.first().waitFor();
	assert.equal(await part.getByText('tämä', { exact: true }).count(), 1);
	await part.scrollIntoViewIfNeeded();
	await picture(aino, 'door-sessions');
	await line.first().getByRole('button', { name: 'Lopeta' }).click();
	await line.first().waitFor({ state: 'detached' });
	// The other browser is out with its next step, and is told where it may come in again.
	await elsewhere.goto(`${server.url}/app/contacts`);
	await elsewhere.waitForURL(/\/app\/sign-in\?next=%2Fapp%2Fcontacts/);
	await signIn(elsewhere, AINO, password);
	await arrived(elsewhere);
	await aino.reload();
	await part.getByRole('button', { name: 'Lopeta kaikki muut' }).click();
	await part.locator('p', { hasText: 'Firefox' }).waitFor({ state: 'detached' });
	await elsewhere.reload();
	await elsewhere.waitForURL(/\/app\/sign-in/);
	await elsewhere.context().close();
	noFaults(aino);
});

test('a forgotten password is set anew by a link that works once', async () => {
	const forgetful = await somebody(browser, server.url, { bypassCSP: true });
	await forgetful.goto(`${server.url}/app/sign-in`);
	await forgetful.getByRole('link', { name: 'Unohditko salasanan?' }).click();
	await forgetful.getByLabel('Sähköposti').fill('nobody@example.fi');
	await accessible(forgetful, 'forgotten password');
	await picture(forgetful, 'door-forgotten');
	await forgetful.getByRole('button', { name: 'Lähetä linkki' }).click();
	// The same words whether or not there is such an account.
	await forgetful.getByText('Jos osoitteella nobody@example.fi on tili, linkki on matkalla.').waitFor();

	await owner.goto(`${server.url}/app/settings/team`);
	await owner.locator('li, .row, div', { hasText: AINO }).getByRole('button', { name: 'Tee linkki uuden salasanan asettamiseen' }).first().click();
	const link = (await owner.getByLabel('Linkki', { exact: true }).textContent()).trim();
	await accessible(owner, 'link to set a password');
	await picture(owner, 'door-reset-link');
	await owner.keyboard.press('Escape');
	await forgetful.goto(link);
	await forgetful.getByLabel('Uusi salasana').fill('aino@example.fi');
	await forgetful.getByRole('button', { name: 'Vaihda salasana' }).click();
	await refused(forgetful, 'helppo arvata');
	password = 'uusi hiljainen aamu';
	await forgetful.getByLabel('Uusi salasana').fill(password);
	await forgetful.getByRole('button', { name: 'Vaihda salasana' }).click();
	await forgetful.getByText('Salasana on vaihdettu. Voit kirjautua.').waitFor();
	// Whoever sat there with the old password is out.
	await aino.goto(`${server.url}/app/contacts`);
	await aino.waitForURL(/\/app\/sign-in/);
	await forgetful.goto(link);
	await forgetful.getByLabel('Uusi salasana').fill('vielä kerran toinen');
	await forgetful.getByRole('button', { name: 'Vaihda salasana' }).click();
	await refused(forgetful, 'Tätä ei löydy enää');
	await signIn(forgetful, AINO, password);
	await arrived(forgetful);
	await forgetful.context().close();
});

test('the workplace’s own account opens the door of who was invited, and of nobody else', async () => {
	await owner.goto(`${server.url}/app/settings/signin`);
	await owner.getByRole('button', { name: 'Uusi kirjautumispalvelu' }).first().click();
	const form = owner.getByRole('dialog');
	await form.getByLabel('Nimi').fill('Työpaikka');
	await form.getByLabel('Palvelun osoite').fill('ftp://nowhere');
	await form.getByLabel('Asiakastunnus').fill('ennakoi');
	await form.getByLabel('Salaisuus').fill('hush');
	await form.getByLabel('Verkkotunnus').fill('example.fi, not a domain');
	await form.getByRole('button', { name: 'Luo' }).click();
	await form.getByText('Osoite ei kelpaa').first().waitFor();
	await form.getByText('Verkkotunnus ei ole oikein').first().waitFor();
	await accessible(owner, 'a sign-in service with mistakes');
	await picture(owner, 'door-oidc-mistakes');
	await form.getByLabel('Palvelun osoite').fill(workplace.issuer);
	await form.getByLabel('Verkkotunnus').fill('example.fi');
	await form.getByRole('button', { name: 'Luo' }).click();
	await owner.getByText(/\/api\/v1\/session\/oidc\/[0-9a-f-]+\/callback/).waitFor();
	await accessible(owner, 'sign-in services');
	await picture(owner, 'door-oidc');

	const guest = await somebody(browser, server.url, { bypassCSP: true });
	await guest.goto(`${server.url}/app/contacts`);
	await guest.getByRole('link', { name: 'Jatka: Työpaikka' }).click();
	await guest.getByRole('link', { name: 'Jatka' }).click();
	await guest.waitForURL(/\/app\/contacts$/);
	await signOut(guest);
	// A stranger of the same workplace has no account here; who changes their mind is told, not shown an error page.
	for (const [person, told] of [[{ sub: 'person-2', email: 'somebody@example.fi' }, 'Tunnuksella ei ole tiliä täällä.'], [null, 'Kirjautumispalvelu ei hyväksynyt']]) {
		workplace.person = person;
		await guest.getByRole('link', { name: 'Jatka: Työpaikka' }).click();
		await guest.getByRole('link', { name: 'Jatka' }).click();
		await refused(guest, told);
	}
	await accessible(guest, 'refused by the workplace');
	await picture(guest, 'door-refused');
	workplace.close();
	await guest.getByRole('link', { name: 'Jatka: Työpaikka' }).click();
	await refused(guest, 'Kirjautumispalvelu ei vastaa.');
	await guest.context().close();
	noFaults(owner);
});
