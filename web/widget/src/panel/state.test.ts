import { describe, expect, test } from 'vitest';
import { empty, lastSeq, merge, reduce, type State, TYPING_MS, unread, waitsForPerson } from './state';
import type { Pending } from './outbox';
import { type Conversation, type Message, readConversation, readMessage } from './types';

const conversation = (given: Partial<Conversation> = {}): Conversation => ({ ...(readConversation({ id: 'c1', version: 1 }) as Conversation), ...given });
const message = (seq: number, given: Partial<Message> = {}): Message => ({ ...(readMessage({ id: `m${seq}`, seq, kind: 'text', author: { kind: 'bot' } }) as Message), ...given });
const pending = (client_key: string, created_at: number): Pending => ({ client_key, body: client_key, attachments: [], option_key: null, created_at, state: 'waiting', problem: null });
const talking = (items: Message[], given: Partial<Conversation> = {}): State =>
	reduce(reduce(empty, { type: 'conversation', conversation: conversation(given) }), { type: 'messages', conversation: 'c1', items });

describe('order', () => {
	test('messages stand by the number of the server, whatever order they come in', () => {
		expect(merge([message(2), message(5)], [message(4), message(1)]).map((item) => item.seq)).toEqual([1, 2, 4, 5]);
	});

	test('a message that comes again replaces itself', () => {
		const edited = message(2, { body: 'corrected' });
		expect(merge([message(1), message(2)], [edited])).toEqual([message(1), edited]);
	});

	test('resumes from the last message of the current conversation', () => {
		const state = reduce(talking([message(3), message(7)]), { type: 'earlier', conversation: 'c0', items: [message(90)], complete: true });
		expect(lastSeq(state)).toBe(7);
		expect(state.threads.map((thread) => thread.id)).toEqual(['c0', 'c1']);
	});

	test('a new conversation stands below the one before it', () => {
		const state = reduce(talking([message(1)]), { type: 'conversation', conversation: conversation({ id: 'c2' }) });
		expect(state.threads.map((thread) => thread.id)).toEqual(['c1', 'c2']);
		expect(lastSeq(state)).toBe(0);
	});
});

describe('conversation', () => {
	test('an overtaken older frame changes nothing', () => {
		const state = talking([], { version: 5, state: 'closed' });
		expect(reduce(state, { type: 'conversation', conversation: conversation({ version: 4, state: 'open' }) })).toBe(state);
	});

	test('read marks never fall', () => {
		const state = talking([], { agent_seen_seq: 9, seen_seq: 8 });
		const after = reduce(state, { type: 'conversation', conversation: conversation({ version: 2, agent_seen_seq: 3, seen_seq: 2 }) });
		expect(after.conversation).toMatchObject({ agent_seen_seq: 9, seen_seq: 8 });
	});

	test('a person is awaited in a queue and beside all queues, not with the bot and not when it is over', () => {
		expect((['queue', 'nobody', 'bot', 'agent'] as const).map((owner) => waitsForPerson(talking([], { owner })))).toEqual([true, true, false, false]);
		expect(waitsForPerson(talking([], { owner: 'queue', state: 'closed' }))).toBe(false);
	});
});

describe('unread', () => {
	const items = [message(1, { mine: true }), message(2), message(3, { kind: 'event' }), message(4)];

	test('counts the words of the other side after the read mark', () => {
		expect(unread(talking(items))).toBe(2);
		expect(unread(talking(items, { seen_seq: 2 }))).toBe(1);
	});

	test('what was read here counts before the server says so, and never goes back', () => {
		const state = reduce(talking(items), { type: 'seen', seq: 4 });
		expect(unread(state)).toBe(0);
		expect(unread(reduce(state, { type: 'seen', seq: 1 }))).toBe(0);
	});
});

describe('what waits to be sent', () => {
	test('goes away when the stored message comes, by whatever way', () => {
		const state = reduce(reduce(talking([]), { type: 'pending', message: pending('k1', 1) }), { type: 'pending', message: pending('k2', 2) });
		const after = reduce(state, { type: 'messages', conversation: 'c1', items: [message(1, { mine: true, client_key: 'k1' })] });
		expect(after.pending.map((item) => item.client_key)).toEqual(['k2']);
	});

	test('the same key twice waits once', () => {
		const once = reduce(empty, { type: 'pending', message: pending('k1', 1) });
		expect(reduce(once, { type: 'pending', message: pending('k1', 1) }).pending).toHaveLength(1);
	});
});

describe('typing', () => {
	const state = reduce(talking([]), { type: 'typing', author: { kind: 'staff', name: 'Maija' }, on: true, now: 1_000 });

	test('ends after six seconds without a word', () => {
		expect(reduce(state, { type: 'tick', now: 1_000 + TYPING_MS - 1 }).typing).not.toBeNull();
		expect(reduce(state, { type: 'tick', now: 1_000 + TYPING_MS }).typing).toBeNull();
	});

	test('ends with the message that was being typed, not with another', () => {
		expect(reduce(state, { type: 'messages', conversation: 'c1', items: [message(1)] }).typing).not.toBeNull();
		const said = message(2, { author: { kind: 'staff', name: 'Maija', avatar_url: null } });
		expect(reduce(state, { type: 'messages', conversation: 'c1', items: [said] }).typing).toBeNull();
	});
});

test('trying again is not yet a connection', () => {
	const offline = reduce(empty, { type: 'connection', connection: 'offline' });
	expect(reduce(offline, { type: 'connection', connection: 'connecting' }).connection).toBe('offline');
	expect(reduce(offline, { type: 'connection', connection: 'live' }).connection).toBe('live');
});

test('forgetting leaves nothing of the person', () => {
	const state = reduce(reduce(talking([message(1)]), { type: 'pending', message: pending('k', 1) }), { type: 'forget' });
	expect(state).toEqual(empty);
});
