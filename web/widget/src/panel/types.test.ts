import { expect, test } from 'vitest';
import { readConfig } from '../shared/config';
import { contrast, parseColour, readable, textOn, type Rgb } from '../shared/colour';
import { pickLocale } from '../shared/locale';
import { readForLoader, readForPanel } from '../shared/protocol';
import { problemKey, readProblem } from './problem';
import { readArticles, readConversation, readMessage, readMessages, safeUrl } from './types';

test('a message as the server sends it', () => {
	const sent = {
		id: 'm1', seq: 3, client_key: null, author: { kind: 'bot', name: '', avatar_url: null }, mine: false, kind: 'options', body: 'Tarkoitatko?', html: 'Tarkoitatko?',
		attachments: [], meta: { options: [{ key: 'article:1', label: 'Palautus' }], sources: [{ article_id: 'a', title: 'Palautus', url: 'https://x.fi/a' }] },
		created_at: 1_795_308_691_917_962, edited_at: null, removed_at: null
	};
	const read = readMessage(sent);
	expect(read).toMatchObject({ seq: 3, kind: 'options', author: { kind: 'bot' } });
	expect(read?.meta).toEqual({ options: [{ key: 'article:1', label: 'Palautus' }], sources: [{ title: 'Palautus', url: 'https://x.fi/a' }], event: null, data: {} });
});

test.each([[null], [7], [{ id: 'm' }], [{ seq: 1 }], [{ id: 'm', seq: '1' }]])('not a message: %j', (value) => {
	expect(readMessage(value)).toBeNull();
});

test('one bad message does not cost the good ones', () => {
	expect(readMessages([{ id: 'm1', seq: 1 }, { nonsense: true }, null])).toHaveLength(1);
	expect(readMessages('nonsense')).toEqual([]);
});

test.each([
	['https://shop.fi/a', true], ['/widget/v1/files/x', true], ['mailto:a@b.fi', true],
	['javascript:alert(1)', false], ['JaVaScRiPt:alert(1)', false], ['data:text/html,x', false], ['//evil.example', false], [' javascript:x', false], [null, false]
])('address %s: %s', (url, safe) => {
	expect(safeUrl(url) !== null).toBe(safe);
});

test('links that could run something are left out', () => {
	expect(readMessage({ id: 'm', seq: 1, meta: { sources: [{ title: 'x', url: 'javascript:1' }] }, attachments: [{ id: 'f', url: 'javascript:1' }] })).toMatchObject({ attachments: [], meta: { sources: [] } });
	expect(readArticles({ items: [{ title: 'x', url: 'javascript:1' }, { id: '1', title: 'y', url: 'https://x.fi', excerpt: '' }] })).toHaveLength(1);
});

test('a conversation with an unknown owner is nobody’s', () => {
	expect(readConversation({ id: 'c', owner: 'martian', state: 'odd' })).toMatchObject({ owner: 'nobody', state: 'open', agent: null });
	expect(readConversation({})).toBeNull();
});

test('a configuration of nothing still makes a usable chat', () => {
	expect(readConfig(null)).toMatchObject({ languages: [], locale: 'en', open: { open: true }, brand: { launcher: 'right' }, pre_chat: { fields: [] } });
	expect(readConfig({ languages: ['fi', 'xx', 'sv'], locale: 'sv', pre_chat: { fields: [{ key: 'email', required: true }, { key: 'shoe_size' }] } })).toMatchObject({
		languages: ['fi', 'sv'], locale: 'sv', pre_chat: { fields: [{ key: 'email', required: true }] }
	});
});

test('languages are recognised by their base', () => {
	expect(pickLocale([null, 'de-DE', 'sv_FI', 'fi'])).toBe('sv');
	expect(pickLocale(['x'])).toBeNull();
});

test('problems name their field, their code, or that the net is away', () => {
	expect(problemKey(readProblem(422, { status: 422, code: 'fields_invalid', errors: [{ field: 'attachment_ids[0]', code: 'unknown', message: '' }] }))).toBe('problem_attachment_ids_unknown');
	expect(problemKey(readProblem(429, { code: 'too_many_requests' }, '3'))).toBe('problem_too_many_requests');
	expect(readProblem(429, { code: 'too_many_requests' }, '3')).toMatchObject({ retryAfter: 3, passing: true });
	expect(problemKey(readProblem(503, 'gateway'))).toBe('problem_server');
	expect(problemKey(readProblem(0, null))).toBe('problem_offline');
	expect(readProblem(401, { code: 'visitor_unknown' }).stranger).toBe(true);
	expect(readProblem(401, { code: 'identity_expired' }).stranger).toBe(false);
});

test('only well-formed messages pass between page and panel', () => {
	expect(readForPanel({ ennakoi: 1, type: 'open', focus: true, small: false })).not.toBeNull();
	expect(readForPanel({ ennakoi: 1, type: 'open', focus: 'yes', small: false })).toBeNull();
	expect(readForPanel({ type: 'open', focus: true, small: false })).toBeNull();
	expect(readForPanel({ ennakoi: 1, type: 'toString' })).toBeNull();
	expect(readForLoader({ ennakoi: 1, type: 'store', name: 'token', value: null })).not.toBeNull();
	expect(readForLoader({ ennakoi: 1, type: 'store', name: 'token', value: {} })).toBeNull();
	expect(readForLoader({ ennakoi: 1, type: 'init' })).toBeNull();
	expect(readForLoader('store')).toBeNull();
});

test('the text on any brand colour can be read', () => {
	for (let red = 0; red < 256; red += 15) for (let green = 0; green < 256; green += 15) for (let blue = 0; blue < 256; blue += 15) {
		const colour: Rgb = [red, green, blue];
		expect(contrast(textOn(colour), colour)).toBeGreaterThanOrEqual(4.5);
	}
});

test('a brand colour becomes readable as text on light and dark', () => {
	for (const text of ['#ffff00', '#000000', '#ffffff', '#2f5d50', '#ff6600', '#777777']) {
		for (const ground of [[255, 255, 255], [23, 26, 32], [0, 0, 0]] as const) {
			expect(contrast(readable(parseColour(text) as Rgb, ground, 5), ground)).toBeGreaterThanOrEqual(5);
		}
	}
	expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
	expect(parseColour('red')).toBeNull();
});
