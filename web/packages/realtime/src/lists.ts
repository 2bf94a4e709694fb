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
			return active && row.owner.agent === null && row.owner.kind !== 'bot';
		case 'all':
			return active;
		case 'waiting':
			return active && row.waiting_since !== null && row.owner.kind !== 'bot';
		case 'breaching':
			return row.clock !== null && row.clock.warn_at <= Date.now() * 1000;
		case 'promised':
			return row.promise_due_at !== null;
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

function valueOf(field: Condition['field'], row: ConversationRow): string | number | boolean | null | undefined {
	switch (field) {
		case 'state':
			return row.state;
		case 'owner':
			return row.owner.kind;
		case 'assignee':
			return row.owner.agent?.id ?? null;
		case 'queue':
			return row.owner.queue?.id ?? null;
		case 'channel':
			return row.channel.id;
		case 'contact':
			return row.contact?.id ?? null;
		case 'priority':
			return row.priority;
		case 'language':
			return row.locale;
		case 'reason':
			return row.reason;
		case 'rating':
			return row.rating;
		case 'solved':
			return row.solved;
		case 'number':
			return row.number;
		case 'created_at':
			return row.created_at;
		case 'last_message_at':
			return row.last_message_at;
		case 'waiting_since':
			return row.waiting_since;
		case 'closed_at':
			return row.closed_at;
		default:
			return undefined;
	}
}

const rankOf = (value: unknown): number => (typeof value === 'string' && value in PRIORITY_ORDER ? PRIORITY_ORDER[value as Priority] : Number(value));

function holds(condition: Condition, row: ConversationRow, me: Id): Verdict {
	const wanted = condition.value === 'me' && condition.field === 'assignee' ? me : condition.value;
	if (condition.field === 'label') {
		const has = row.labels.some((label) => (Array.isArray(wanted) ? wanted.includes(label.id) : label.id === wanted));
		if (condition.operator === 'exists') return row.labels.length > 0;
		if (condition.operator === 'missing') return row.labels.length === 0;
		return condition.operator === 'is_not' ? !has : has;
	}
	const actual = valueOf(condition.field, row);
	if (actual === undefined) return null;
	switch (condition.operator) {
		case 'is':
			return actual === wanted;
		case 'is_not':
			return actual !== wanted;
		case 'in':
			return Array.isArray(wanted) && wanted.includes(actual as string);
		case 'exists':
			return actual !== null;
		case 'missing':
			return actual === null;
		case 'before':
		case 'at_most':
			return actual !== null && rankOf(actual) <= rankOf(wanted);
		case 'after':
		case 'at_least':
			return actual !== null && rankOf(actual) >= rankOf(wanted);
		default:
			// Spans before now depend on the server's clock.
			return null;
	}
}

/** Three-valued: one "cannot tell" leaves the whole undecided unless the rest decides it. */
export function matchesFilter(filter: Filter, row: ConversationRow, me: Id): Verdict {
	if ('field' in filter) return holds(filter, row, me);
	if ('not' in filter) {
		const inner = matchesFilter(filter.not, row, me);
		return inner === null ? null : !inner;
	}
	const parts = 'all' in filter ? filter.all : filter.any;
	const verdicts = parts.map((part) => matchesFilter(part, row, me));
	if ('all' in filter) return verdicts.includes(false) ? false : verdicts.includes(null) ? null : true;
	return verdicts.includes(true) ? true : verdicts.includes(null) ? null : false;
}

/** Negative when `a` stands above `b`. Ties fall to the higher number, so that an order is total. */
export function compareRows(sort: Sort, order: 'asc' | 'desc') {
	const direction = order === 'asc' ? 1 : -1;
	const key = (row: ConversationRow): number => {
		if (sort === 'created') return row.created_at;
		if (sort === 'waiting') return row.waiting_since ?? (order === 'asc' ? Number.MAX_SAFE_INTEGER : 0);
		if (sort === 'due') return row.clock?.due_at ?? (order === 'asc' ? Number.MAX_SAFE_INTEGER : 0);
		if (sort === 'promised') return row.promise_due_at ?? (order === 'asc' ? Number.MAX_SAFE_INTEGER : 0);
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
