import { describe, expect, it } from 'vitest';
import type { ConversationRow, Filter } from '@ennakoi/api';
import { compareRows, inView, matchesFilter, reconcileList } from './lists';
import { row } from './fixtures';

const mine = { kind: 'agent', queue: null, agent: { id: 'me', name: 'Aino', avatar_url: null } } as const;

describe('inView', () => {
	it('puts a conversation into the views of its owner and state', () => {
		const own = row('c-1', { owner: mine });
		expect([inView('mine', own, 'me'), inView('unassigned', own, 'me'), inView('all', own, 'me')]).toEqual([true, false, true]);
		expect(inView('mine', own, 'somebody')).toBe(false);
		expect(inView('mine', { ...own, state: 'snoozed' }, 'me')).toBe(false);
		expect(inView('bot', row('c-2', { owner: { kind: 'bot', queue: null, agent: null } }), 'me')).toBe(true);
		expect(inView('mentions', own, 'me')).toBeNull();
	});
});

describe('matchesFilter', () => {
	const urgentOrMine: Filter = {
		match: 'any',
		conditions: [
			{ field: 'priority', op: 'at_least', value: 'high' },
			{ match: 'all', conditions: [{ field: 'assignee', op: 'is', value: 'me' }, { field: 'language', op: 'is_not', value: 'en' }] }
		]
	};
	it('joins with and and or, nested', () => {
		expect(matchesFilter(urgentOrMine, row('c-1', { priority: 'urgent' }), 'me')).toBe(true);
		expect(matchesFilter(urgentOrMine, row('c-1', { owner: mine, locale: 'sv' }), 'me')).toBe(true);
		expect(matchesFilter(urgentOrMine, row('c-1', { owner: mine, locale: 'en' }), 'me')).toBe(false);
	});
	it('leaves undecided what only the server can tell, unless the rest decides', () => {
		const text = { field: 'text', op: 'contains', value: 'sohva' } as const;
		expect(matchesFilter({ match: 'all', conditions: [text] }, row('c-1'), 'me')).toBeNull();
		expect(matchesFilter({ match: 'all', conditions: [text, { field: 'state', op: 'is', value: 'closed' }] }, row('c-1'), 'me')).toBe(false);
		expect(matchesFilter({ match: 'any', conditions: [text, { field: 'state', op: 'is', value: 'open' }] }, row('c-1'), 'me')).toBe(true);
	});
});

describe('reconcileList', () => {
	const rule = { belongs: (one: ConversationRow) => inView('mine', one, 'me'), compare: compareRows('activity', 'desc'), hasMore: false, keep: null };
	const table = (...rows: ConversationRow[]) => new Map(rows.map((one) => [one.id, one]));

	it('lets go, takes in and keeps order', () => {
		const rows = table(
			row('c-1', { owner: mine, last_message_at: 10 }),
			row('c-2', { owner: mine, last_message_at: 30, state: 'closed' }),
			row('c-3', { owner: mine, last_message_at: 20 })
		);
		expect(reconcileList(['c-2', 'c-1'], ['c-2', 'c-3'], rows, rule)).toEqual(['c-3', 'c-1']);
	});
	it('keeps the open conversation although it left the view', () => {
		const rows = table(row('c-1', { owner: mine, last_message_at: 10 }), row('c-2', { last_message_at: 30, state: 'closed' }));
		expect(reconcileList(['c-2', 'c-1'], ['c-2'], rows, { ...rule, keep: 'c-2' })).toEqual(['c-2', 'c-1']);
	});
	it('leaves a row behind the last loaded one to the next page', () => {
		const rows = table(row('c-1', { owner: mine, last_message_at: 10 }), row('c-2', { owner: mine, last_message_at: 5 }));
		expect(reconcileList(['c-1'], ['c-2'], rows, { ...rule, hasMore: true })).toEqual(['c-1']);
		expect(reconcileList(['c-1'], ['c-2'], rows, rule)).toEqual(['c-1', 'c-2']);
	});
	it('returns the same array when nothing moved', () => {
		const rows = table(row('c-1', { owner: mine }));
		const ids = ['c-1'];
		expect(reconcileList(ids, ['c-1'], rows, rule)).toBe(ids);
	});
});

it('orders by priority, then by activity', () => {
	const rows = [row('c-1', { last_message_at: 3 }), row('c-2', { priority: 'urgent', last_message_at: 1 }), row('c-3', { last_message_at: 9 })];
	expect(rows.sort(compareRows('priority', 'desc')).map((one) => one.id)).toEqual(['c-2', 'c-3', 'c-1']);
});
