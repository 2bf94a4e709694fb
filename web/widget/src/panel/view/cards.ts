import { h, set, write } from '../dom';
import { explain, type Key, t } from '../i18n';
import { Problem } from '../problem';
import type { State } from '../state';
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

/** The form in a message that asks how to reach the visitor. */
export function detailsForm(names: FieldName[], send: (details: Claimed) => Promise<void>): HTMLElement {
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
		error,
		button
	);
	return form;
}

type RatingStep = 'none' | 'solved' | 'score' | 'thanks';

/** After the end: was it solved, how was it, anything to add. */
export class RatingCard {
	readonly #rate: (given: { score?: number; solved?: boolean; comment?: string }) => Promise<void>;
	readonly element = h('section', { class: 'card rating', hidden: true });
	#step: RatingStep = 'none';
	#conversation = '';
	#score = 0;

	constructor(rate: (given: { score?: number; solved?: boolean; comment?: string }) => Promise<void>) {
		this.#rate = rate;}

	update(state: State): void {
		const { conversation } = state;
		if (conversation?.id !== this.#conversation || conversation?.state === 'open') this.#show('none');
		this.#conversation = conversation?.id ?? '';
		if (conversation?.ask_rating && this.#step === 'none') this.#show('solved');
	}

	/** Draws the step anew, in another language. */
	redraw(): void {
		this.#show(this.#step, true);
	}

	#show(step: RatingStep, again = false): void {
		if (step === this.#step && !again) return;
		const focused = this.element.contains(document.activeElement);
		this.#step = step;
		this.element.hidden = step === 'none';
		const parts = step === 'solved' ? this.#askSolved() : step === 'score' ? this.#askScore() : step === 'thanks' ? [h('p', { role: 'status', tabindex: -1 }, t('rating_thanks'))] : [];
		this.element.replaceChildren(...parts);
		// Whoever answered the last question by key goes on with the next.
		if (focused) this.element.querySelector<HTMLElement>('h2, p[tabindex]')?.focus();
	}

	async #give(given: { score?: number; solved?: boolean; comment?: string }, then: RatingStep): Promise<void> {
		const error = this.element.querySelector('.error');
		try {
			await this.#rate(given);
			this.#show(then);
		} catch (problem) {
			if (error) write(error, explain(problem instanceof Problem ? problem : new Problem(0, 'unknown')));
		}
	}

	#askSolved(): HTMLElement[] {
		const button = (key: Key, solved: boolean): HTMLElement => h('button', { type: 'button', class: 'choice', onclick: () => void this.#give({ solved }, 'score') }, t(key));
		return [h('h2', { tabindex: -1 }, t('rating_solved')), h('div', { class: 'choices' }, button('yes', true), button('no', false)), h('p', { class: 'error', role: 'alert' })];
	}

	#askScore(): HTMLElement[] {
		const scores = [1, 2, 3, 4, 5].map((score) => {
			const input = h('input', { type: 'radio', name: 'score', value: score, class: 'sr', onchange: () => (this.#score = score) });
			return h('label', { class: 'score', title: t(`score_${score}` as Key) }, input, h('span', { 'aria-hidden': 'true' }, String(score)), h('span', { class: 'sr' }, t(`score_${score}` as Key)));
		});
		const comment = h('textarea', { rows: 2, maxlength: 2000, id: 'comment' });
		const send = (event: SubmitEvent): void => {
			event.preventDefault();
			const text = comment.value.trim();
			if (this.#score === 0 && text === '') return this.#show('thanks');
			void this.#give({ ...(this.#score > 0 ? { score: this.#score } : {}), ...(text === '' ? {} : { comment: text }) }, 'thanks');
		};
		const ends = h('p', { class: 'ends', 'aria-hidden': 'true' }, h('span', {}, t('rating_low')), h('span', {}, t('rating_high')));
		return [
			h('h2', { tabindex: -1 }, t('rating_score')),
			h(
				'form',
				{ onsubmit: send },
				h('fieldset', {}, h('legend', { class: 'sr' }, t('rating_score')), h('div', { class: 'scores' }, ...scores), ends),
				h('div', { class: 'field' }, h('label', { for: 'comment' }, t('rating_comment'), h('small', {}, ` (${t('optional')})`)), comment),
				h('p', { class: 'error', role: 'alert' }),
				h('div', { class: 'row' }, h('button', { type: 'submit', class: 'primary' }, t('rating_send')), h('button', { type: 'button', class: 'link', onclick: () => this.#show('thanks') }, t('rating_skip')))
			)
		];
	}
}
