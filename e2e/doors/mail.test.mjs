/** E-mail from beginning to end: a mailbox is set up at the desk against a real server, mail arrives while one looks, is answered by keys, and comes back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, launch } from '../support/app.mjs';
import { Company, until } from '../support/company.mjs';
import { noFaults, picture } from '../support/desk.mjs';
import { openPost, PASSWORD } from '../support/postal.mjs';

const ADDRESS = 'tuki@kone.example';
let browser;
let company;
let desk;
let post;

before(async () => {
	[post, company, browser] = await Promise.all([openPost(), Company.open({ environment: { ENNAKOI_SECURITY_PRIVATE_EGRESS: 'true' } }), launch()]);
	desk = await company.desk(browser);
});
after(async () => {
	await browser?.close();
	company?.stop();
	post?.close();
});

let letters = 0;
/** Somebody's mail, judged genuine by the receiving server. */
async function arrive(from, subject, body, headers = '') {
	const address = from.replace(/^.*<|>$/g, '');
	letters += 1;
	await post.deliver(address, ADDRESS, `Authentication-Results: mx.kone.example; dmarc=pass header.from=${address.split('@')[1]}\nFrom: ${from}\nTo: ${ADDRESS}\nSubject: ${subject}\nMessage-ID: <${letters}@example.fi>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n${headers}\n${body}\n`);
}
const row = (name) => desk.getByRole('listitem').filter({ has: desk.getByText(name, { exact: true }) });
/** A header of what left, unfolded. */
const header = (mail, name) => new RegExp(`^${name}: ((?:.*)(?:\r\n[ \t].*)*)`, 'mi').exec(mail.text)?.[1].replace(/\r\n[ \t]+/g, ' ');

test('a mailbox is set up by its address; what is wrong is said beside its step', async () => {
	await desk.goto(`${company.url}/app/settings/mailboxes`);
	await desk.getByText('Ei postilaatikoita vielä').waitFor();
	await picture(desk, 'mailbox-empty');
	await accessible(desk, 'no mailboxes');
	await desk.getByRole('button', { name: 'Lisää postilaatikko' }).first().click();
	const form = desk.getByRole('dialog', { name: 'Lisää postilaatikko' });
	await form.getByLabel('Sähköpostiosoite').fill(ADDRESS);
	await form.getByRole('button', { name: 'Etsi asetukset' }).click();
	await form.getByText('Alla on arvaus').waitFor();
	await form.getByLabel('Lähettäjän nimi').fill('Käpylän Kone');
	const servers = async (imap, smtp) => {
		for (const [legend, port] of [['Saapuva posti (IMAP)', imap], ['Lähtevä posti (SMTP)', smtp]]) {
			const group = form.getByRole('group', { name: legend });
			await group.getByLabel('Palvelin').fill('127.0.0.1');
			await group.getByLabel('Portti').fill(String(port));
			await group.getByLabel('Suojaus').selectOption('plain');
		}
	};
	await servers(post.imap, post.smtp);
	await form.getByLabel('Salasana', { exact: true }).fill('väärä');
	await form.getByLabel('Luotetut tunnistustulokset').fill('mx.kone.example');
	await form.getByRole('button', { name: 'Kokeile yhteyttä' }).click();
	await form.getByText(/Palvelin ei hyväksynyt tunnusta tai salasanaa/).first().waitFor();
	await picture(desk, 'mailbox-refused');
	await accessible(desk, 'mailbox with a wrong password');
	await form.getByLabel('Salasana', { exact: true }).fill(PASSWORD);
	await form.getByRole('button', { name: 'Kokeile yhteyttä' }).click();
	await form.getByText('Saapuva posti: toimii').waitFor();
	await form.getByText('Lähtevä posti: toimii').waitFor();
	await picture(desk, 'mailbox-works');
	await form.getByRole('button', { name: 'Tallenna' }).click();
	await desk.getByText('Toimii', { exact: true }).waitFor();
	await picture(desk, 'mailbox');
	await accessible(desk, 'a mailbox');
	// The undo time is the owner's choice; the tests do not wait for it.
	const [mailbox] = (await company.call('GET', 'mailboxes')).items;
	await company.call('PATCH', `mailboxes/${mailbox.id}`, { settings: { ...mailbox.settings, undo_seconds: 0 }, secrets: {} });
	noFaults(desk);
});

test('a mail arrives while one looks, and is answered without touching the mouse', async () => {
	await desk.goto(`${company.url}/app/inbox/unassigned`);
	await desk.getByText('Jonossa').first().waitFor();
	await arrive('Liisa Virta <liisa@example.fi>', 'Pesukone vuotaa', 'Hei!\n\nPesukoneeni vuotaa luukusta. Mitä teen?\n\nTerveisin Liisa', 'Cc: Olli Virta <olli@example.fi>\n');
	await row('Liisa Virta').waitFor();
	await desk.keyboard.press('j');
	await desk.keyboard.press('Enter');
	await desk.getByRole('log').getByText('Pesukoneeni vuotaa luukusta').first().waitFor();
	await desk.keyboard.press('r');
	await until(() => desk.evaluate(() => document.activeElement?.tagName === 'TEXTAREA'), 'the focus where one answers');
	await desk.getByText('Liisa Virta <liisa@example.fi>').first().waitFor();
	await picture(desk, 'mail-composer');
	await accessible(desk, 'mail thread');
	await desk.keyboard.type('Hei Liisa, sulje hana ja lähetä meille koneen malli.');
	// To all, by keys: back from the text into the head of the mail.
	await desk.keyboard.press('Shift+Tab');
	for (let step = 0; step < 6 && !(await desk.evaluate(() => document.activeElement?.textContent?.includes('Vastaa kaikille'))); step += 1) await desk.keyboard.press('Shift+Tab');
	await desk.keyboard.press('Enter');
	await desk.getByLabel('Kopio', { exact: true }).waitFor();
	await desk.getByLabel('Piilokopio').fill('arkisto@kone.example');
	await picture(desk, 'mail-head-open');
	await accessible(desk, 'mail head');
	await desk.getByRole('textbox', { name: 'Vastaa', exact: true }).focus();
	await desk.keyboard.press('Control+Enter');
	const sent = await until(() => post.taken[0], 'the answer leaves');
	assert.deepEqual([...sent.to].sort(), ['arkisto@kone.example', 'liisa@example.fi', 'olli@example.fi']);
	assert.match(header(sent, 'Subject'), /Re: Pesukone vuotaa/);
	assert.match(header(sent, 'Cc'), /olli@example\.fi/);
	assert.equal(/arkisto@/.test(sent.text), false, 'who got a hidden copy is in no header');
	await desk.getByText('Lähetetty').or(desk.getByText('Toimitettu')).first().waitFor();
	await picture(desk, 'mail-sent');
	noFaults(desk);
});

test('the original is looked at: its text, its own look without calling anybody’s server, and its bytes', async () => {
	const ours = header(post.taken[0], 'Message-ID');
	const html = `<p>Malli on <b>KX-200</b>.</p><img src="https://seuranta.example/kuva.png" width="10"><blockquote>Hei Liisa, sulje hana</blockquote>`;
	letters += 1;
	await post.deliver('liisa@example.fi', ADDRESS, `Authentication-Results: mx.kone.example; dmarc=pass header.from=example.fi\nFrom: Liisa Virta <liisa@example.fi>\nTo: ${ADDRESS}\nSubject: Re: Pesukone vuotaa\nIn-Reply-To: ${ours}\nMessage-ID: <${letters}@example.fi>\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n${html}\n`);
	await desk.getByText('KX-200').first().waitFor();
	await picture(desk, 'mail-thread');
	await desk.getByRole('button', { name: /Näytä/ }).last().click();
	const mail = desk.getByRole('dialog', { name: /Pesukone vuotaa/ });
	await mail.getByText('KX-200').first().waitFor();
	await picture(desk, 'mail-dialog');
	await accessible(desk, 'mail dialog');
	const asked = [];
	desk.on('request', (request) => asked.push(request.url()));
	await mail.getByRole('tab').nth(1).click();
	await mail.frameLocator('iframe').getByText('KX-200').waitFor();
	assert.equal(asked.some((address) => address.includes('seuranta.example')), false);
	await picture(desk, 'mail-dialog-formatted');
	const [file] = await Promise.all([desk.waitForEvent('download'), mail.getByRole('link').last().click()]);
	assert.match(file.suggestedFilename(), /\.eml$/);
	await desk.keyboard.press('Escape');
	await mail.waitFor({ state: 'detached' });
	noFaults(desk);
});

test('an answer that cannot be delivered is told of at its message, and why', async () => {
	await arrive('Pekka Pois <pekka@muualla.example>', 'Takuu', 'Onko koneessani takuuta?');
	await desk.goto(`${company.url}/app/inbox/unassigned`);
	await row('Pekka Pois').locator('a').click();
	await desk.getByRole('log').getByText('Onko koneessani takuuta?').first().waitFor();
	const before = post.taken.length;
	await desk.keyboard.press('r');
	await desk.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await desk.keyboard.type('On, kaksi vuotta.');
	await desk.keyboard.press('Control+Enter');
	const sent = await until(() => post.taken[before], 'the answer leaves');
	// Their server took it and then sent it back.
	await post.deliver('', ADDRESS, `From: Mail Delivery System <mailer-daemon@muualla.example>\nTo: ${ADDRESS}\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <bounce@muualla.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=osa\n\n--osa\nContent-Type: text/plain\n\nThe mail could not be delivered.\n\n--osa\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; muualla.example\n\nFinal-Recipient: rfc822; pekka@muualla.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--osa\nContent-Type: text/rfc822-headers\n\nMessage-ID: ${header(sent, 'Message-ID')}\nSubject: Re: Takuu\n\n--osa--\n`);
	await desk.locator('.delivery.failed').waitFor();
	await picture(desk, 'mail-bounced');
	await accessible(desk, 'a bounced mail');
	assert.match(await desk.locator('.delivery.failed').innerText(), /osoitetta ei ole/);
	noFaults(desk);
});

test('a server that refuses at once is told of too', async () => {
	post.refused.add('raija@muualla.example');
	await arrive('Raija Rajalla <raija@muualla.example>', 'Varaosa', 'Onko tiivistettä varastossa?');
	await desk.goto(`${company.url}/app/inbox/unassigned`);
	await row('Raija Rajalla').locator('a').click();
	await desk.getByRole('log').getByText('Onko tiivistettä varastossa?').first().waitFor();
	await desk.keyboard.press('r');
	await desk.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
	await desk.keyboard.type('On.');
	await desk.keyboard.press('Control+Enter');
	await desk.locator('.delivery.failed').waitFor();
	await picture(desk, 'mail-refused');
	noFaults(desk);
});

test('a mailbox whose mails a provider brings: the address to give them, the first mail, another address', async () => {
	await desk.goto(`${company.url}/app/settings/mailboxes`);
	await desk.getByRole('button', { name: 'Lisää postilaatikko' }).first().click();
	const form = desk.getByRole('dialog', { name: 'Lisää postilaatikko' });
	await form.getByLabel('Sähköpostiosoite').fill('myynti@kone.example');
	await form.getByRole('button', { name: 'Etsi asetukset' }).click();
	await form.getByText('Alla on arvaus').waitFor();
	await form.getByLabel('Miten posti tulee').selectOption('ses');
	await form.getByLabel('SNS-aihe (ARN)').waitFor();
	await picture(desk, 'mailbox-ses');
	await accessible(desk, 'a mailbox by Amazon');
	await form.getByLabel('Miten posti tulee').selectOption('postmark');
	assert.equal(await form.getByRole('group', { name: 'Saapuva posti (IMAP)' }).count(), 0);
	const outgoing = form.getByRole('group', { name: 'Lähtevä posti (SMTP)' });
	await outgoing.getByLabel('Palvelin').fill('127.0.0.1');
	await outgoing.getByLabel('Portti').fill(String(post.smtp));
	await outgoing.getByLabel('Suojaus').selectOption('plain');
	await form.getByLabel('Salasana', { exact: true }).fill(PASSWORD);
	await form.getByRole('button', { name: 'Tallenna' }).click();
	// What has to be done next is shown at once.
	const kept = desk.getByRole('dialog', { name: 'myynti@kone.example' });
	const address = async () => new URL(await kept.getByLabel('Osoite, johon viestit tuodaan').innerText());
	const first = await address();
	await picture(desk, 'mailbox-brought');
	await accessible(desk, 'where a mailbox is brought to');
	const bring = async (to, key) => {
		const mail = `From: Maija Meri <maija@example.fi>\r\nTo: myynti@kone.example\r\nSubject: Tarjous ${key}\r\nMessage-ID: <${key}@example.fi>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPyytäisin tarjouksen.\r\n`;
		const authorization = `Basic ${Buffer.from(`${to.username}:${to.password}`).toString('base64')}`;
		const answer = await fetch(`${company.url}${to.pathname}`, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ OriginalRecipient: 'myynti@kone.example', RawEmail: mail }) });
		return answer.status;
	};
	await kept.getByRole('button', { name: 'Sulje' }).click();
	const line = desk.getByRole('listitem').filter({ hasText: 'myynti@kone.example' });
	await line.getByText('Odottaa ensimmäistä viestiä').waitFor();
	await picture(desk, 'mailbox-waiting');
	assert.equal(await bring(first, 'a'), 200);
	await line.getByText('Toimii', { exact: true }).waitFor();
	await line.getByRole('button', { name: 'Muokkaa' }).click();
	await kept.getByLabel('Vaihda osoite, kun tallennat').check();
	await kept.getByRole('button', { name: 'Tallenna' }).click();
	await until(async () => (await kept.count()) === 1 && (await address()).password !== first.password, 'another address');
	const second = await address();
	assert.deepEqual([await bring(first, 'b'), await bring(second, 'c')], [401, 200]);
	// A way that the installation does not offer says so.
	await kept.getByLabel('Miten posti tulee').selectOption('lmtp');
	await kept.getByRole('button', { name: 'Tallenna' }).click();
	await kept.getByText('Palvelu ei ota vastaan postia LMTP:llä').waitFor();
	await picture(desk, 'mailbox-lmtp-off');
	await accessible(desk, 'a way that is off');
	await kept.getByRole('button', { name: 'Sulje' }).click();
	await desk.goto(`${company.url}/app/inbox/unassigned`);
	await row('Maija Meri').first().waitFor();
	noFaults(desk);
});
