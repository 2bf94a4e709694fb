import { Problem, asProblem } from '@ennakoi/api';
import { t, textOf } from '$lib/i18n.svelte';

/** What went wrong and what to do, in the person's language. An unknown code says which one it is, for whoever helps. */
export function problemText(error: unknown): string {
	const problem = asProblem(error);
	const parameters = { seconds: problem.retryAfterSeconds ?? 30 };
	const known = textOf('problem', problem.code, parameters) ?? textOf('problem', `status_${problem.status}`, parameters);
	if (known && problem.fields.length === 0) return known;
	if (problem.fields.length > 0) return fieldSentences(problem);
	return t('problem.unknown', { code: problem.code });
}

/** Fields with the same fault are named together. */
function fieldSentences(problem: Problem): string {
	const faults = new Map<string, string[]>();
	for (const { field, code } of problem.fields) faults.set(fieldText(code), [...(faults.get(fieldText(code)) ?? []), fieldName(field)]);
	return [...faults].map(([text, names]) => `${names.join(', ')}: ${text}`).join(' · ');
}

/** `brand.color` is named by its last part, `domains[1]` as the second of its list. */
function fieldName(field: string): string {
	const [, name = field, index] = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(field.split('.').at(-1) ?? field) ?? [];
	const known = textOf('field', name) ?? textOf('field', field.split('.').at(-2) ?? '') ?? name;
	return index === undefined ? known : `${known} ${Number(index) + 1}`;
}

function fieldText(code: string): string {
	return textOf('problem', code) ?? t('problem.field_wrong');
}

/** The text for one field of a form, or null when that field is fine. */
export function fieldError(error: unknown, field: string): string | null {
	if (!(error instanceof Problem)) return null;
	const code = error.field(field);
	return code === null ? null : fieldText(code);
}
