import type { Config } from '../../shared/config';
import { h, set, write } from '../dom';
import { newTab } from '../html';
import { safeUrl } from '../types';
import { explain, type Key, t } from '../i18n';
import { Problem } from '../problem';
import type { Claimed } from '../../shared/protocol';

export type FieldName = 'name' | 'email' | 'phone';

const KINDS: Record<FieldName, { type: string; autocomplete: string }> = {
	name: { type: 'text', autocomplete: 'name' },
	email: { type: 'email', autocomplete: 'email' },
	phone: { type: 'tel', autocomplete: 'tel' }
};

let fieldCount = 0;

/** A labelled field with room for what is wrong with it. */
export class Field {
	readonly input: HTMLInputElement;
	readonly element: HTMLElement;
	readonly #error: HTMLElement;

	constructor(
		readonly name: FieldName,
		readonly required: boolean
	) {
		fieldCount += 1;
		const id = `field-${fieldCount}`;
		this.input = h('input', { id, ...KINDS[name], required, maxlength: 300, 'aria-describedby': `${id}-error` });
		this.#error = h('p', { id: `${id}-error`, class: 'error' });
		const optional = required ? null : h('small', {}, ` (${t('optional')})`);
		this.element = h('div', { class: 'field' }, h('label', { for: id }, t(`field_${name}` as Key), optional), this.input, this.#error);
	}

	complain(text: string | null): void {
		write(this.#error, text ?? '');
		set(this.input, 'aria-invalid', text === null ? null : 'true');
	}
}

/** A few fields about the visitor, checked here and by the server. */
export class Fields {
	readonly fields: Field[];

	constructor(wanted: { key: FieldName; required: boolean }[]) {
		this.fields = wanted.map(({ key, required }) => new Field(key, required));
	}

	get values(): Claimed {
		return Object.fromEntries(this.fields.map(({ name, input }) => [name, input.value.trim()]).filter(([, value]) => value !== ''));
	}

	/** False when a required field is empty; says so and goes there. */
	check(): boolean {
		const missing = this.fields.filter((field) => field.required && field.input.value.trim() === '');
		for (const field of this.fields) {
			field.complain(missing.includes(field) ? t('problem_field_required', { field: t(`field_${field.name}` as Key) }) : null);
		}
		missing[0]?.input.focus();
		return missing.length === 0;
	}

	/** Shows what the server said, at the fields it named; returns what belongs to none. */
	complain(error: unknown): string | null {
		const problem = error instanceof Problem ? error : new Problem(0, 'unknown');
		let first: Field | undefined;
		for (const wrong of problem.fields) {
			const field = this.fields.find(({ name }) => name === wrong.field);
			field?.complain(explain(new Problem(problem.status, problem.code, [wrong])));
			first ??= field;
		}
		first?.input.focus();
		return first ? null : explain(problem);
	}
}

/** What the details are used for, in the company's words, and where it says more. */
export function notice(config: Config | null): HTMLElement {
	const { notice: words, privacy_url: url } = config?.pre_chat ?? {};
	return h('small', {}, words ?? '', ' ', url && safeUrl(url) ? newTab(url, t('privacy'), t('new_tab')) : null);
}

/** The form in a message that asks how to reach the visitor. */
export function detailsForm(names: FieldName[], config: Config | null, send: (details: Claimed) => Promise<void>): HTMLElement {
	const fields = new Fields(names.map((key) => ({ key, required: false })));
	const error = h('p', { class: 'error', role: 'alert' });
	const button = h('button', { type: 'submit', class: 'primary' }, t('form_send'));
	const form: HTMLFormElement = h(
		'form',
		{
			class: 'card',
			novalidate: true,
			'aria-label': t('form_title'),
			onsubmit: async (event: SubmitEvent) => {
				event.preventDefault();
				fields.check();
				write(error, '');
				set(button, 'aria-busy', 'true');
				try {
					await send(fields.values);
					form.replaceChildren(h('p', { role: 'status', tabindex: -1 }, t('form_done')));
					form.querySelector('p')?.focus();
				} catch (problem) {
					write(error, fields.complain(problem) ?? '');
				}
				set(button, 'aria-busy', null);
			}
		},
		...fields.fields.map((field) => field.element),
		notice(config),
		error,
		button
	);
	return form;
}
