import type { Condition, ConversationQuery, Filter, Id } from '@ennakoi/api';

/** What the builder edits: lines joined one way, and at most one inner group joined the other way. */
export type Tree = { match: 'all' | 'any'; lines: Condition[]; inner: { match: 'all' | 'any'; lines: Condition[] } | null };

const isCondition = (filter: Filter): filter is Condition => 'field' in filter;
const joined = (match: 'all' | 'any', parts: Filter[]): Filter => (match === 'all' ? { all: parts } : { any: parts });

export function treeOf(filter: Filter | null): Tree {
	if (!filter) return { match: 'all', lines: [{ field: 'state', operator: 'is', value: 'open' }], inner: null };
	if (isCondition(filter)) return { match: 'all', lines: [filter], inner: null };
	if ('not' in filter) return { match: 'all', lines: [], inner: null };
	const [match, parts] = 'all' in filter ? (['all', filter.all] as const) : (['any', filter.any] as const);
	const group = parts.find((part) => 'all' in part || 'any' in part);
	const inner = group ? treeOf(group) : null;
	return { match, lines: parts.filter(isCondition), inner: inner ? { match: inner.match, lines: inner.lines } : null };
}

/** Null when nothing is left to narrow. */
export function filterOf(tree: Tree): Filter | null {
	const parts: Filter[] = [...tree.lines];
	if (tree.inner && tree.inner.lines.length > 0) parts.push(joined(tree.inner.match, tree.inner.lines));
	return parts.length === 0 ? null : joined(tree.match, parts);
}

const PARAMETERS = ['state', 'queue', 'channel', 'label', 'priority', 'language'] as const;

/** The list's own parameters when they can say the whole filter: single values joined by "and". Null when they cannot. */
export function simpleQuery(filter: Filter | null): ConversationQuery | null {
	if (!filter) return {};
	const parts = isCondition(filter) ? [filter] : 'all' in filter ? filter.all : null;
	if (!parts) return null;
	const query: ConversationQuery = {};
	for (const part of parts) {
		if (!isCondition(part)) return null;
		if (part.field === 'assignee' && query.assignee === undefined) {
			if (part.operator === 'missing') query.assignee = 'none';
			else if (part.operator === 'is') query.assignee = String(part.value);
			else return null;
			continue;
		}
		const parameter = PARAMETERS.find((one) => one === part.field);
		if (!parameter || part.operator !== 'is' || query[parameter] !== undefined) return null;
		query[parameter] = String(part.value);
	}
	return query;
}

/** The same as one of the fixed views, as a filter: so that a filter made inside it keeps meaning what it meant there. */
export function viewFilter(view: string): Filter[] {
	const active: Filter = { field: 'state', operator: 'in', value: ['open', 'waiting'] };
	switch (view) {
		case 'mine':
			return [active, { field: 'assignee', operator: 'is', value: 'me' }];
		case 'unassigned':
			return [active, { field: 'owner', operator: 'in', value: ['queue', 'nobody'] }];
		case 'bot':
			return [active, { field: 'owner', operator: 'is', value: 'bot' }];
		case 'waiting':
			return [active, { field: 'waiting_since', operator: 'exists' }, { field: 'owner', operator: 'is_not', value: 'bot' }];
		case 'breaching':
		case 'promised':
			return [];
		case 'closed':
			return [{ field: 'state', operator: 'is', value: 'closed' }];
		case 'snoozed':
			return [{ field: 'state', operator: 'is', value: 'snoozed' }];
		default:
			return [active];
	}
}

function namesState(filter: Filter): boolean {
	if (isCondition(filter)) return filter.field === 'state' || filter.field === 'closed_at';
	if ('not' in filter) return namesState(filter.not);
	return ('all' in filter ? filter.all : filter.any).some(namesState);
}

export function within(view: string, filter: Filter): Filter {
	const base = viewFilter(view).filter((part) => !(namesState(filter) && namesState(part)));
	return base.length === 0 ? filter : { all: [...base, filter] };
}

/** Conditions in a filter, for "3 conditions narrow the list". */
export function size(filter: Filter | null): number {
	if (!filter) return 0;
	if (isCondition(filter)) return 1;
	if ('not' in filter) return size(filter.not);
	return ('all' in filter ? filter.all : filter.any).reduce((sum, part) => sum + size(part), 0);
}

export const one = (field: Condition['field'], value: Id): Filter => ({ all: [{ field, operator: 'is', value }] });
