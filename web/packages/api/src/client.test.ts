import { describe, expect, it } from 'vitest';
import { Problem, createClient, endpoints, queryString } from './index';

function answering(status: number, body: unknown, seen: { url: string; init: RequestInit }[] = [], headers: HeadersInit = {}) {
	const fetch = (async (url: RequestInfo | URL, init?: RequestInit) => {
		seen.push({ url: String(url), init: init ?? {} });
		return new Response(body === null ? null : JSON.stringify(body), { status, headers });
	}) as typeof globalThis.fetch;
	return fetch;
}

describe('client', () => {
	it('names the workspace and marks the request as its own', async () => {
		const seen: { url: string; init: RequestInit }[] = [];
		const client = createClient({ workspace: () => 'w-1', fetch: answering(200, { ok: true }, seen) });
		await client.post('/labels', { name: 'Palautus' });
		const headers = seen[0]!.init.headers as Record<string, string>;
		expect(seen[0]!.url).toBe('/api/v1/labels');
		expect(headers['x-ennakoi-workspace']).toBe('w-1');
		expect(headers['x-requested-with']).toBe('ennakoi');
		expect(seen[0]!.init.body).toBe('{"name":"Palautus"}');
	});

	it('turns a problem document into a Problem with its fields', async () => {
		const fetch = answering(422, {
			type: 'about:blank',
			title: 'Invalid',
			status: 422,
			code: 'invalid',
			detail: 'a field is wrong',
			errors: [{ field: 'email', code: 'email_invalid', message: 'no @' }]
		});
		const client = createClient({ workspace: () => null, fetch });
		const problem = await client.get('/contacts').catch((error: unknown) => error);
		expect(problem).toBeInstanceOf(Problem);
		expect((problem as Problem).code).toBe('invalid');
		expect((problem as Problem).field('email')).toBe('email_invalid');
		expect((problem as Problem).field('name')).toBeNull();
		expect((problem as Problem).temporary).toBe(false);
	});

	it('makes a temporary problem of a broken connection and of an answer without a document', async () => {
		const broken = createClient({
			workspace: () => null,
			fetch: (async () => {
				throw new TypeError('failed to fetch');
			}) as typeof fetch
		});
		const offline = (await broken.get('/labels').catch((error: unknown) => error)) as Problem;
		expect([offline.code, offline.temporary]).toEqual(['offline', true]);
		const proxy = createClient({ workspace: () => null, fetch: (async () => new Response('<html>', { status: 502 })) as typeof fetch });
		const gateway = (await proxy.get('/labels').catch((error: unknown) => error)) as Problem;
		expect([gateway.code, gateway.temporary]).toEqual(['status_502', true]);
	});

	it('tells that the session ended, but not while signing in', async () => {
		let told = 0;
		const client = createClient({ workspace: () => null, signedOut: () => (told += 1), fetch: answering(401, { code: 'unauthorized' }) });
		await client.post('/session', {}).catch(() => undefined);
		expect(told).toBe(0);
		await client.get('/conversations').catch(() => undefined);
		expect(told).toBe(1);
	});

	it('reads lists that come bare and lists that come in pages', async () => {
		const bare = endpoints(createClient({ workspace: () => null, fetch: answering(200, [{ id: 'a' }]) }));
		const paged = endpoints(createClient({ workspace: () => null, fetch: answering(200, { items: [{ id: 'a' }], next_cursor: null }) }));
		expect(await bare.labels.list()).toEqual(await paged.labels.list());
	});
});

describe('queryString', () => {
	it('leaves out what is absent and encodes the rest', () => {
		expect(queryString({ q: 'missä & milloin', cursor: undefined, label: null, limit: 0 })).toBe('?q=miss%C3%A4+%26+milloin&limit=0');
		expect(queryString({})).toBe('');
	});
});
