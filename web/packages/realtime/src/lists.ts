/** Which conversations belong to a view or a filter, and in which order. The server decides; this keeps an open list right between loads. */
import type { Condition, ConversationRow, Filter, Id, Priority, Sort } from '@ennakoi/api';

const PRIORITY_ORDER: Record<Priority, number> = { urgent: 3, high: 2, normal: 1, low: 0 };

/** True, false, or null where only the server can tell (full text, mentions, saved views we do not hold). */
export type Verdict = boolean | null;

export function inView(view: string, row: ConversationRow, me: Id): Verdict {
	const active = row.state === 'open' || row.state === 'waiting';
	switch (view) {
		case 'mine':
			return active && row.owner.kind === 'agent' && row.owner.agent?.id === me;
		case 'unassigned':
			return active && (row.owner.kind === 'queue' || row.owner.kind === 'nobody');
		case 'all':
			return active && row.owner.kind !== 'bot';
		case 'waiting':
			return row.state === 'waiting';
		case 'bot':
			return active && row.owner.kind === 'bot';
		case 'closed':
			return row.state === 'closed';
		case 'snoozed':
			return row.state === 'snoozed';
		default:
			return null;
	}
}

function equals(condition: Condition, row: ConversationRow, me: Id): Verdict {
	const value = condition.value;
	switch (condition.field) {
		case 'state':
			return row.state === value;
		case 'assignee':
			if (value === null || value === 'nobody') return row.owner.agent === null;
			return row.owner.agent?.id === (value === 'me' ? me : value);
		case 'queue':
			return row.owner.queue?.id === value;
		case 'channel':
			return row.channel.id === value || row.channel.kind === value;
		case 'label':
			return row.labels.some((label) => label.id === value);
		case 'priority':
			return row.priority === value;
		case 'language':
			return row.locale === value;
		case 'contact':
			return row.contact?.id === value;
		case 'solved':
			return row.solved === value;
		case 'rating':
			return row.rating === Number(value);
		default:
			return null;
	}
}

function measure(condition: Condition, row: ConversationRow): number | null {
	switch (condition.field) {
		case 'created':
			return row.created_at;
		case 'last_message':
			return row.last_message_at;
		case 'rating':
			return row.rating;
		case 'priority':
			return PRIORITY_ORDER[row.priority];
		default:
			return null;
	}
}

function holds(condition: Condition, row: ConversationRow, me: Id): Verdict {
	if (condition.op === 'is') return equals(condition, row, me);
	if (condition.op === 'is_not') {
		const same = equals(condition, row, me);
		return same === null ? null : !same;
	}
	if (condition.op === 'contains') return null;
	const actual = measure(condition, row);
	const wanted = condition.field === 'priority' ? PRIORITY_ORDER[condition.value as Priority] : Number(condition.value);
	if (actual === null || wanted === undefined || Number.isNaN(wanted)) return false;
	return condition.op === 'before' || condition.op === 'at_most' ? actual <= wanted : actual >= wanted;
}

/** Three-valued: one "cannot tell" leaves the whole undecided unless the rest decides it. */
export function matchesFilter(filter: Filter, row: ConversationRow, me: Id): Verdict {
	if (filter.conditions.length === 0) return true;
	let unknown = false;
	for (const part of filter.conditions) {
		const verdict = 'conditions' in part ? matchesFilter(part, row, me) : holds(part, row, me);
		if (verdict === null) unknown = true;
		else if (filter.match === 'all' && !verdict) return false;
		else if (filter.match === 'any' && verdict) return true;
	}
	return unknown ? null : filter.match === 'all';
}

/** Negative when `a` stands above `b`. Ties fall to the higher number, so that an order is total. */
export function compareRows(sort: Sort, order: 'asc' | 'desc') {
	const direction = order === 'asc' ? 1 : -1;
	const key = (row: ConversationRow): number => {
		if (sort === 'created') return row.created_at;
		if (sort === 'waiting') return row.waiting_since ?? (order === 'asc' ? Number.MAX_SAFE_INTEGER : 0);
		return row.last_message_at;
	};
	return (a: ConversationRow, b: ConversationRow): number => {
		if (sort === 'priority') {
			const byPriority = PRIORITY_ORDER[a.priority] - PRIORITY_ORDER[b.priority];
			if (byPriority !== 0) return byPriority * direction;
			return b.last_message_at - a.last_message_at || b.number - a.number;
		}
		return (key(a) - key(b)) * direction || (a.number - b.number) * direction;
	};
}

export type ListRule = {
	belongs: (row: ConversationRow) => Verdict;
	compare: (a: ConversationRow, b: ConversationRow) => number;
	/** More rows wait behind the last one, on the server. */
	hasMore: boolean;
	/** A conversation that is open beside the list stays in it until the person leaves it. */
	keep: Id | null;
};

/**
 * The ids of a list after some rows changed: rows that no longer belong go, new ones come, all stand in order. A row
 * that would stand behind the last loaded one is left to the next page. The id order is returned unchanged (same array)
 * when nothing moved.
 */
export function reconcileList(
	ids: readonly Id[],
	changed: Iterable<Id>,
	rows: ReadonlyMap<Id, ConversationRow>,
	rule: ListRule
): readonly Id[] {
	const present = new Set(ids);
	const last = ids.length > 0 ? rows.get(ids[ids.length - 1]!) : undefined;
	for (const id of changed) {
		const row = rows.get(id);
		if (!row) continue;
		const verdict = rule.belongs(row);
		if (verdict === false && id !== rule.keep) present.delete(id);
		if (verdict === true && !present.has(id)) {
			const behind = rule.hasMore && last !== undefined && rule.compare(row, last) > 0;
			if (!behind) present.add(id);
		}
	}
	const next = [...present].filter((id) => rows.has(id)).sort((a, b) => rule.compare(rows.get(a)!, rows.get(b)!));
	return next.length === ids.length && next.every((id, index) => id === ids[index]) ? ids : next;
}
