/** A company of one's own on a fresh server, its customers in real widgets, and the API as its owner. */
import { createHmac } from 'node:crypto';
import { panel } from './app.mjs';
import { picture, signIn, somebody } from './desk.mjs';
import { start } from './server.mjs';

const DAY = 86_400_000_000;
const HOURS = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [['00:00', '24:00']]]));
const FAQ = `# Millä voin maksaa?

Maksat kortilla, MobilePaylla tai laskulla.

# Miten vaihdan salasanan?

Avaa kirjautumissivu ja valitse Unohtuiko salasana. Saat linkin sähköpostiisi.

# Kuinka kauan toimitus kestää?

Toimitus kestää 2–4 arkipäivää.

# Miten pesen pellavan?

Pese 40 asteessa ja kuivaa ripustettuna.
`;

/** Waits until `look` gives something true, and returns it. */
export async function until(look, what, limit = 60_000) {
	const end = performance.now() + limit;
	for (;;) {
		const seen = await look();
		if (seen) return seen;
		if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export class Company {
	static async open({ channel = {}, environment = {}, faq = FAQ } = {}) {
		const company = new Company();
		company.server = await start(environment);
		company.url = company.server.url;
		const signed = await company.raw('POST', '/api/v1/session', { email: 'owner@localhost', password: company.server.password });
		company.cookie = signed.headers.get('set-cookie').split(';')[0];
		company.workspace = (await company.call('POST', 'workspaces', { name: 'Pellavala', slug: 'pellavala' })).workspace.id;
		await company.call('PATCH', 'profile', { locale: 'fi', name: 'Helena Rautio' });
		const calendar = await company.call('POST', 'calendars', { name: 'Aina', timezone: 'Europe/Helsinki', weekly: HOURS, holidays: 'none', exceptions: [] });
		await company.call('POST', 'queues', { name: 'Asiakaspalvelu', calendar_id: calendar.id, skills: [], members: [], is_default: true });
		company.chat = await company.call('POST', 'channels', { kind: 'chat', name: 'Verkkokauppa', ...channel });
		if (faq) await company.call('POST', 'imports/articles?publish=true&locale=fi', { text: faq });
		return company;
	}

	stop() {
		this.server.stop();
	}

	raw(method, path, body) {
		const headers = { 'content-type': 'application/json', 'x-requested-with': 'ennakoi', ...(this.cookie ? { cookie: this.cookie } : {}), ...(this.workspace ? { 'x-ennakoi-workspace': this.workspace } : {}) };
		return fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
	}

	async call(method, path, body) {
		const answer = await this.raw(method, `/api/v1/${path}`, body);
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return text ? JSON.parse(text) : null;
	}

	/** The owner at the desk. */
	async desk(browser, options = {}) {
		const page = await somebody(browser, this.url, { bypassCSP: true, ...options });
		await signIn(page, 'owner@localhost', this.server.password);
		await page.waitForURL(/\/app\/inbox/);
		return page;
	}

	/** Somebody who was invited, at a desk of their own. */
	async colleague(browser, { email, name, role = 'agent', patience = 60_000 }) {
		const invited = await this.call('POST', 'invitations', { email, role });
		const page = await somebody(browser, this.url, { bypassCSP: true });
		await page.goto(invited.link);
		await page.getByLabel('Nimi').fill(name);
		await page.getByLabel('Salasana').fill('kolme sinistä pöllöä');
		await page.getByRole('button', { name: 'Liity' }).click();
		await page.waitForURL(/\/app\/inbox/);
		page.context().setDefaultTimeout(patience);
		return page;
	}

	/** What a person's own browser asks of the server. */
	as(page, method, path, body) {
		return page.evaluate(
			async ([method, path, body, workspace]) => {
				const answer = await fetch(`/api/v1/${path}`, { method, headers: { 'content-type': 'application/json', 'x-requested-with': 'ennakoi', 'x-ennakoi-workspace': workspace }, body: body && JSON.stringify(body) });
				if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
				return answer.status === 204 ? null : answer.json();
			},
			[method, path, body, this.workspace]
		);
	}

	/** A customer of the chat without a browser: what they write goes in, the stored message comes back. */
	async writer(name) {
		const made = await (await this.raw('POST', `/widget/v1/${this.chat.public_key}/visitor`, { locale: 'fi' })).json();
		const headers = { 'content-type': 'application/json', authorization: `Visitor ${made.token}` };
		const send = async (method, path, body) => (await fetch(`${this.url}/widget/v1/${path}`, { method, headers, body: JSON.stringify(body) })).json();
		await send('PATCH', 'visitor', { name });
		return (body) => send('POST', 'messages', { client_key: `${Math.random()}`, body });
	}

	/** The conversation that a new customer's first message begins. */
	async asked(name, text) {
		return (await (await this.writer(name))(text)).conversation_id;
	}

	/** What the shop's own server signs for somebody who is signed in there. */
	async identity(subject, name) {
		this.secret ??= (await this.call('POST', `channels/${this.chat.id}/identity-secret`)).identity_secret;
		const now = Math.floor(Date.now() / 1000);
		const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: subject, aud: this.chat.public_key, email: `${subject}@example.fi`, name, iat: now, exp: now + 3600 })}`;
		return `${signed}.${createHmac('sha256', this.secret).update(signed).digest('base64url')}`;
	}

	/** Somebody's browser with the chat open; signed in at the shop when `subject` is given. */
	async customer(browser, { subject, name = 'Liisa Meri', ...options } = {}) {
		const page = await somebody(browser, this.url, { bypassCSP: true, ...options });
		await page.goto(`${this.url}/demo/pellavala`);
		if (subject) {
			await page.waitForFunction(() => typeof window.Ennakoi === 'function');
			await page.evaluate((token) => window.Ennakoi('identify', token), await this.identity(subject, name));
		}
		return { page, frame: await panel(page) };
	}

	/** What a signed-in customer has bought, as the shop tells it. */
	async bought(subject) {
		const now = Date.now() * 1000;
		const at = (days) => now + days * DAY;
		const customer = { id: subject, email: `${subject}@example.fi`, name: 'Liisa Meri' };
		const key = (name) => `${subject}-${name}`;
		const order = (id, number, status, line, placed, promised, delivered) =>
			this.call('PUT', `orders/${key(id)}`, {
				number, status, currency: 'EUR', total_minor: 5990, lines: [{ sku: '1', name: line, quantity: 1, unit_minor: 5990, total_minor: 5990 }],
				placed_at: at(placed), promised_at: at(promised), ...(delivered ? { delivered_at: at(delivered) } : {}), customer, updated_at: now
			});
		await order('w1', '10021', 'completed', 'Villapaita', -12, -6, -7);
		await order('w2', '10022', 'shipped', 'Keraaminen muki', -4, 2);
		await order('w3', '10023', 'processing', 'Pellavalakana', -1, 5);
		await this.call('PUT', `shipments/${key('s2')}`, { order: key('w2'), carrier: 'Posti', number: 'JJFI600022', url: 'https://seuranta.example.fi/JJFI600022', status: 'in_transit', shipped_at: at(-1), updated_at: now });
		await this.call('PUT', `invoices/${key('i1')}`, { number: '50012', reference: '500127', status: 'open', currency: 'EUR', total_minor: 8990, due_minor: 8990, issued_at: at(-6), due_at: at(8), customer, updated_at: now });
		await this.call('PUT', `subscriptions/${key('t1')}`, { name: 'Kahviboksi', status: 'active', currency: 'EUR', price_minor: 1990, interval: 'month', started_at: at(-60), renews_at: at(11), customer, updated_at: now });
	}
}

/** Says a line, or taps what is offered (`>label`), and waits for words that come after it. */
export async function talk(frame, lines) {
	for (const [line, expected] of lines) {
		const before = await frame.locator('[role=log] .theirs').count();
		if (line.startsWith('>')) await frame.getByRole('button', { name: line.slice(1), exact: true }).last().click({ timeout: 60_000 }).catch(async (error) => (await picture(frame.page(), 'failed'), Promise.reject(error)));
		else {
			await frame.locator('#message').fill(line);
			await frame.locator('#message').press('Enter');
		}
		await until(async () => {
			const texts = await frame.locator('[role=log] .theirs').allInnerTexts();
			return texts.slice(before).some((text) => text.includes(expected));
		}, `${JSON.stringify(line)} should be followed by ${JSON.stringify(expected)}`).catch(async (error) => {
			await picture(frame.page(), 'failed');
			throw new Error(`${error.message}; the talk: ${(await frame.locator('[role=log]').innerText()).slice(-900)}`);
		});
	}
}
