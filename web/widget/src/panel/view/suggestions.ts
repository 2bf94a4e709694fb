import { h, icon, set, write } from '../dom';
import { t } from '../i18n';
import type { Article } from '../types';

const PAUSE_MS = 350;
const SHORTEST = 4;
const SHOWN = 3;

/** Help pages that may answer what is being written, before it is sent. Says nothing when there are none or the search fails. */
export class Suggestions {
	readonly #search: (question: string, signal: AbortSignal) => Promise<Article[]>;
	readonly element = h('section', { class: 'suggestions', hidden: true });
	readonly #said = h('p', { class: 'sr', role: 'status' });
	#timer = 0;
	#asking = new AbortController();

	constructor(search: (question: string, signal: AbortSignal) => Promise<Article[]>) {
		this.#search = search;}

	get parts(): HTMLElement[] {
		return [this.element, this.#said];
	}

	/** The text so far; null when nothing is to be suggested any more. */
	about(text: string | null): void {
		clearTimeout(this.#timer);
		this.#asking.abort();
		const question = text?.trim() ?? '';
		if (question.length < SHORTEST) return this.#show([]);
		this.#timer = window.setTimeout(() => void this.#ask(question), PAUSE_MS);
	}

	async #ask(question: string): Promise<void> {
		this.#asking = new AbortController();
		const { signal } = this.#asking;
		const found = await this.#search(question, signal).catch(() => []);
		if (!signal.aborted) this.#show(found.slice(0, SHOWN));
	}

	#show(articles: Article[]): void {
		this.element.hidden = articles.length === 0;
		write(this.#said, articles.length === 0 ? '' : articles.length === 1 ? t('suggestions_found_one') : t('suggestions_found_many', { count: articles.length }));
		set(this.element, 'aria-label', t('suggestions'));
		const item = (article: Article): HTMLElement => {
			const hint = h('span', { class: 'sr' }, ` (${t('new_tab')})`);
			const link = h('a', { href: article.url, target: '_blank', rel: 'noopener' }, h('span', {}, article.title, hint), icon('link'));
			return h('li', {}, link);
		};
		this.element.replaceChildren(...(articles.length > 0 ? [h('h2', {}, t('suggestions')), h('ul', {}, ...articles.map(item))] : []));
	}
}
