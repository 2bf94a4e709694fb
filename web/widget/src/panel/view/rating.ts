import { h, write } from '../dom';
import { explain, type Key, t } from '../i18n';
import { Problem } from '../problem';
import type { State } from '../state';

type RatingStep = 'none' | 'solved' | 'score' | 'thanks';

/** After the end: was it solved, how was it, anything to add. */
export class RatingCard {
	readonly #rate: (given: { score?: number; solved?: boolean; comment?: string }) => Promise<void>;
	readonly element: HTMLElement;
	#step: RatingStep = 'none';
	#conversation = '';
	#score = 0;

	constructor(element: HTMLElement, rate: (given: { score?: number; solved?: boolean; comment?: string }) => Promise<void>) {
		this.element = element;
		this.#rate = rate;
	}

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
