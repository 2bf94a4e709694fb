import { expect, test } from 'vitest';
import { delay } from './backoff';
import { next, order, type Pending, revive, serialise, storedAs } from './outbox';

const pending = (client_key: string, created_at: number, state: Pending['state'] = 'waiting'): Pending => ({
	client_key, body: `body of ${client_key}`, attachments: [], option_key: null, created_at, state, problem: null
});

test('the oldest goes first; the same instant is settled by the key', () => {
	expect(order([pending('c', 2), pending('b', 1), pending('a', 1)]).map((item) => item.client_key)).toEqual(['a', 'b', 'c']);
});

test('one at a time', () => {
	expect(next([pending('a', 1, 'sending'), pending('b', 2)])).toBeNull();
	expect(next([pending('b', 2), pending('a', 1)])?.client_key).toBe('a');
});

test('what was refused does not hold up the rest', () => {
	expect(next([pending('a', 1, 'failed'), pending('b', 2)])?.client_key).toBe('b');
	expect(next([pending('a', 1, 'failed')])).toBeNull();
});

test('a kept message comes back the same and waits', () => {
	const file = { id: 'f', name: 'kuva.png', media_type: 'image/png', bytes: 10, url: '/widget/v1/files/f/kuva.png', width: 1, height: 2 };
	const message = { ...pending('k', 5, 'failed'), attachments: [file], option_key: 'helped', problem: 'x' };
	expect(revive(storedAs('k'), serialise(message))).toEqual({ ...message, state: 'waiting', problem: null });
});

test.each([
	['draft', '{}'],
	['out.k', 'not json'],
	['out.k', '{"client_key":"other","body":"x","created_at":1}'],
	['out.k', '{"client_key":"k","body":7,"created_at":1}'],
	['out.k', 'null']
])('what is not a kept message is left alone: %s %s', (name, value) => {
	expect(revive(name, value)).toBeNull();
});

test('a file with a dangerous address does not come back', () => {
	const kept = JSON.stringify({ client_key: 'k', body: '', created_at: 1, attachments: [{ id: 'f', name: 'x', url: 'javascript:alert(1)' }] });
	expect(revive('out.k', kept)?.attachments).toEqual([]);
});

test('the wait doubles up to half a minute and is spread over its upper half', () => {
	expect([0, 1, 2, 3].map((attempt) => delay(attempt, 0.999999))).toEqual([500, 1000, 2000, 4000]);
	expect(delay(0, 0)).toBe(250);
	expect(delay(40, 0)).toBe(15_000);
	expect(delay(40, 0.999999)).toBe(30_000);
});
