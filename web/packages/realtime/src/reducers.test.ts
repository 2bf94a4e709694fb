import { describe, expect, it } from 'vitest';
import type { Changes, ConversationRow, Message } from '@ennakoi/api';
import { applyChanges, emptyDesk, isUnread, markSeen, newerRow, upsertConversations, upsertMessages, type DeskState } from './reducers';
import { message, row } from './fixtures';

/** A tiny server: it changes its own tables at random and remembers each change as a frame. */
function serverStory(seed: number, steps: number) {
	let state = seed;
	const random = () => ((state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648);
	const rows = new Map<string, ConversationRow>();
	const messages = new Map<string, Message[]>();
	const frames: Changes[] = [];
	const snapshots: { rows: Map<string, ConversationRow>; messages: Map<string, Message[]> }[] = [];
	const snapshot = () => snapshots.push({ rows: new Map(rows), messages: new Map([...messages].map(([id, run]) => [id, [...run]])) });
	for (let index = 1; index <= 5; index += 1) {
		rows.set(`c-${index}`, row(`c-${index}`, { last_seq: 0 }));
		messages.set(`c-${index}`, []);
	}
	snapshot();
	for (let step = 1; step <= steps; step += 1) {
		const id = `c-${1 + Math.floor(random() * 6)}`;
		const old = rows.get(id) ?? row(id, { last_seq: 0, version: 0 });
		const run = messages.get(id) ?? [];
		const changed: Message[] = [];
		if (random() < 0.6) changed.push(message(id, old.last_seq + 1));
		else if (run.length > 0) changed.push({ ...run[Math.floor(random() * run.length)]!, delivery: random() < 0.5 ? 'read' : 'delivered' });
		for (const one of changed) messages.set(id, [...run.filter((other) => other.id !== one.id), one].sort((a, b) => a.seq - b.seq));
		const next: ConversationRow = {
			...old,
			version: old.version + 1,
			last_seq: Math.max(old.last_seq, ...changed.map((one) => one.seq)),
			state: random() < 0.3 ? 'closed' : 'open'
		};
		rows.set(id, next);
		if (!messages.has(id)) messages.set(id, []);
		const { seen_seq: _mine, ...shared } = next;
		frames.push({ seq: step, events: [], conversations: [shared], messages: changed, contacts: [] });
		snapshot();
	}
	return { frames, snapshots };
}

function load(snapshot: { rows: Map<string, ConversationRow>; messages: Map<string, Message[]> }, seq: number): DeskState {
	let state: DeskState = { ...emptyDesk, seq };
	state = upsertConversations(state, [...snapshot.rows.values()]);
	for (const [id, run] of snapshot.messages) state = upsertMessages(state, id, run);
	return state;
}

describe('a state that is behind, plus the changes since, equals a fresh load', () => {
	for (const seed of [1, 7, 42, 1918, 2026]) {
		it(`story ${seed}`, () => {
			const { frames, snapshots } = serverStory(seed, 120);
			const fresh = load(snapshots.at(-1)!, 120);
			for (const from of [0, 1, 37, 119]) {
				let state = load(snapshots[from]!, from);
				// A conversation that came to be after the load has no messages open yet; open it as the desk would.
				for (const id of snapshots.at(-1)!.messages.keys()) if (!state.messages.has(id)) state = upsertMessages(state, id, []);
				for (const frame of frames.slice(from)) state = applyChanges(state, frame);
				expect(state.conversations).toEqual(fresh.conversations);
				expect(state.messages).toEqual(fresh.messages);
				expect(state.seq).toBe(120);
			}
		});
	}

	it('is the same when frames overlap with what was loaded, and when they come twice', () => {
		const { frames, snapshots } = serverStory(3, 60);
		const fresh = load(snapshots.at(-1)!, 60);
		let state = load(snapshots[40]!, 40);
		for (const id of fresh.messages.keys()) if (!state.messages.has(id)) state = upsertMessages(state, id, []);
		for (const frame of frames.slice(40)) state = applyChanges(applyChanges(state, frame), frame);
		expect(state.conversations).toEqual(fresh.conversations);
		expect(state.messages).toEqual(fresh.messages);
	});
});

describe('rows', () => {
	it('never go back to a lower version, and keep the furthest read mark', () => {
		const known = row('c-1', { version: 5, seen_seq: 4, last_seq: 6 });
		expect(newerRow(known, row('c-1', { version: 4, seen_seq: 6 }))).toEqual({ ...known, seen_seq: 6 });
		const { seen_seq: _absent, ...live } = row('c-1', { version: 6, last_seq: 7 });
		expect(newerRow(known, live)).toMatchObject({ version: 6, last_seq: 7, seen_seq: 4 });
	});

	it('are unread until seen, and never by our own answer', () => {
		const state = upsertConversations(emptyDesk, [row('c-1', { last_seq: 3, seen_seq: 1 })]);
		expect(isUnread(state.conversations.get('c-1')!)).toBe(true);
		expect(isUnread(markSeen(state, 'c-1', 3).conversations.get('c-1')!)).toBe(false);
		expect(markSeen(state, 'c-1', 1)).toBe(state);
		expect(isUnread(row('c-2', { last_seq: 3, seen_seq: 1, preview_author: 'staff' }))).toBe(false);
	});
});

it('keeps no stray message of a conversation that was never opened', () => {
	const state = applyChanges(emptyDesk, { seq: 9, events: [], conversations: [row('c-1')], messages: [message('c-1', 8)], contacts: [] });
	expect(state.messages.has('c-1')).toBe(false);
	expect(state.conversations.has('c-1')).toBe(true);
});
