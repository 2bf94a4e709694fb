/** An identity provider of a workplace, as small as the standard allows: one person is signed in there, and it vouches for them. */
import { createHash, generateKeyPairSync, sign, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** `person` may be changed while it runs: `{ sub, email }`; `null` means that the person presses "cancel". */
export async function provider(person) {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const codes = new Map();
	const self = { person, issuer: '', close: () => (server.closeAllConnections(), server.close()) };
	const token = (claims) => {
		const signed = `${base64url({ alg: 'ES256', kid: 'one', typ: 'JWT' })}.${base64url(claims)}`;
		return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
	};
	const json = (response, status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
	const pages = {
		'/.well-known/openid-configuration': (_, response) =>
			json(response, 200, {
				issuer: self.issuer, authorization_endpoint: `${self.issuer}/authorize`, token_endpoint: `${self.issuer}/token`, jwks_uri: `${self.issuer}/keys`,
				response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256']
			}),
		'/keys': (_, response) => json(response, 200, { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'one' }] }),
		'/authorize': (url, response) => {
			const back = new URL(url.searchParams.get('redirect_uri'));
			back.searchParams.set('state', url.searchParams.get('state'));
			if (self.person) {
				const code = randomBytes(12).toString('hex');
				codes.set(code, { challenge: url.searchParams.get('code_challenge'), nonce: url.searchParams.get('nonce'), audience: url.searchParams.get('client_id'), person: self.person });
				back.searchParams.set('code', code);
			} else back.searchParams.set('error', 'access_denied');
			response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html lang="fi"><title>Työpaikka</title><h1>Työpaikan tunnus</h1><a href="${back.href.replaceAll('&', '&amp;')}">Jatka</a>`);
		},
		'/token': (_, response, form) => {
			const found = codes.get(form.get('code'));
			codes.delete(form.get('code'));
			const proven = found && createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url') === found.challenge;
			if (!proven) return json(response, 400, { error: 'invalid_grant' });
			const now = Math.floor(Date.now() / 1000);
			const claims = { iss: self.issuer, aud: found.audience, nonce: found.nonce, iat: now, exp: now + 300, email_verified: true, ...found.person };
			return json(response, 200, { access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: token(claims) });
		}
	};
	const server = createServer((request, response) => {
		const url = new URL(request.url, 'http://provider');
		const page = pages[url.pathname];
		if (!page) return void response.writeHead(404).end();
		let body = '';
		request.on('data', (part) => (body += part));
		request.on('end', () => page(url, response, new URLSearchParams(body)));
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	self.issuer = `http://127.0.0.1:${server.address().port}`;
	return self;
}
