import { Problem, asProblem } from '@ennakoi/api';
import { t, textOf } from '$lib/i18n.svelte';

/** What went wrong and what to do, in the person's language. An unknown code says which one it is, for whoever helps. */
export function problemText(error: unknown): string {
	const problem = asProblem(error);
	const parameters = { seconds: problem.retryAfterSeconds ?? 30 };
	const known = textOf('problem', problem.code, parameters) ?? textOf('problem', `status_${problem.status}`, parameters);
	if (known && problem.fields.length === 0) return known;
	if (problem.fields.length > 0) return problem.fields.map((field) => `${fieldName(field.field)}: ${fieldText(field.code)}`).join(' · ');
	return t('problem.unknown', { code: problem.code });
}

function fieldName(field: string): string {
	return textOf('field', field.split('.').at(-1) ?? field) ?? field;
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
