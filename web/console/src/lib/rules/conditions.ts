/** Conditions as an editor shows them: lines joined one way, and at most one inner group joined the other way. */
import type { Fact, FactCondition, FactOperator, FactTest } from '$lib/api';

export type Line = { field: Fact; operator: FactOperator; key: string; value: string };
export type Group = { match: 'all' | 'any'; lines: Line[] };
export type Tree = Group & { inner: Group | null };

const NUMBERS: readonly Fact[] = ['rating', 'waiting_minutes', 'messages', 'message_attachments'];
export const TEXTS: readonly Fact[] = ['subject', 'customer_email', 'customer_domain', 'message_text'];
/** What a service policy may ask for: what is lasting about a conversation. */
export const LASTING: readonly Fact[] = ['channel', 'queue', 'label', 'priority', 'language', 'customer_attribute', 'customer_domain', 'reason'];
export const ALL: readonly Fact[] = [...LASTING, 'message_text', 'message_attachments', 'subject', 'state', 'owner', 'assignee', 'channel_kind', 'waiting_minutes', 'messages', 'customer_email', 'rating', 'hours'];

export function operatorsOf(field: Fact): FactOperator[] {
	if (field === 'message_text' || field === 'subject') return ['contains', 'contains_not'];
	if (TEXTS.includes(field)) return ['is', 'is_not', 'contains', 'contains_not', 'exists', 'missing'];
	if (NUMBERS.includes(field)) return ['at_least', 'at_most', 'is'];
	if (field === 'customer_attribute') return ['is', 'is_not', 'at_least', 'at_most', 'exists', 'missing'];
	if (field === 'priority') return ['is', 'at_least', 'at_most'];
	if (field === 'hours') return ['is'];
	if (field === 'queue' || field === 'assignee' || field === 'label' || field === 'language' || field === 'reason') return ['is', 'is_not', 'exists', 'missing'];
	return ['is', 'is_not'];
}
export const takesValue = (operator: FactOperator): boolean => operator !== 'exists' && operator !== 'missing';

function lineOf(test: FactTest): Line | null {
	if (test.operator === 'in' || !operatorsOf(test.field).includes(test.operator)) return null;
	const value = Array.isArray(test.value) ? test.value.join(', ') : String(test.value ?? '');
	return { field: test.field, operator: test.operator, key: test.key ?? '', value };
}

function groupOf(match: 'all' | 'any', parts: FactCondition[]): Group | null {
	const lines = parts.map((part) => ('field' in part ? lineOf(part) : null));
	return lines.every((line) => line !== null) ? { match, lines: lines as Line[] } : null;
}

/** Null when the condition says more than the editor can show; it is then left as it is. */
export function treeOf(condition: FactCondition): Tree | null {
	if ('field' in condition) {
		const line = lineOf(condition);
		return line ? { match: 'all', lines: [line], inner: null } : null;
	}
	if ('not' in condition) return null;
	const [match, parts] = 'all' in condition ? (['all', condition.all] as const) : (['any', condition.any] as const);
	const groups = parts.filter((part) => !('field' in part));
	const outer = groupOf(match, parts.filter((part) => 'field' in part));
	if (!outer || groups.length > 1) return null;
	const [group] = groups;
	if (!group) return { ...outer, inner: null };
	const inner = 'all' in group ? groupOf('all', group.all) : 'any' in group ? groupOf('any', group.any) : null;
	return inner ? { ...outer, inner } : null;
}

function testOf(line: Line): FactTest {
	const { field, operator } = line;
	const test: FactTest = { field, operator };
	if (line.key && (field === 'customer_attribute' || field === 'hours')) test.key = line.key;
	if (!takesValue(operator)) return test;
	if (operator === 'contains' || operator === 'contains_not') test.value = line.value.split(',').map((word) => word.trim()).filter(Boolean);
	else if (NUMBERS.includes(field) || operator === 'at_least' && field !== 'priority' || operator === 'at_most' && field !== 'priority') test.value = Number(line.value);
	else if (field === 'solved') test.value = line.value === 'true';
	else test.value = line.value;
	return test;
}

const complete = (line: Line): boolean => !takesValue(line.operator) || line.value.trim() !== '';
const joined = (match: 'all' | 'any', parts: FactCondition[]): FactCondition => (match === 'all' ? { all: parts } : { any: parts });

/** Without any line it holds always. */
export function conditionOf(tree: Tree): FactCondition {
	const parts: FactCondition[] = tree.lines.filter(complete).map(testOf);
	const inner = tree.inner?.lines.filter(complete).map(testOf) ?? [];
	if (tree.inner && inner.length > 0) parts.push(joined(tree.inner.match, inner));
	return parts.length === 0 ? { all: [] } : joined(tree.match, parts);
}

/** Tests in a condition. */
export function size(condition: FactCondition): number {
	if ('field' in condition) return 1;
	if ('not' in condition) return size(condition.not);
	return ('all' in condition ? condition.all : condition.any).reduce((sum, part) => sum + size(part), 0);
}
