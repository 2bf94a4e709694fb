import type { Config } from '../../shared/config';
import { type Locale } from '../../shared/locale';
import { h, icon, set, write } from '../dom';
import { date, day, t, time } from '../i18n';
import { NORMAL, TEXT_SIZES } from '../preferences';
import { type State, waitsForPerson } from '../state';

const NAMES: Record<Locale, string> = { fi: 'Suomi', sv: 'Svenska', en: 'English' };

/** What the header's controls do. */
export interface HeaderActions {
	close(): void;
	text(by: -1 | 0 | 1): void;
	contrast(on: boolean): void;
	locale(locale: Locale): void;
	/** The settings were opened; there is room for more below them. */
	unfolded(place: HTMLElement): void;
}

/** When people are there, in words. */
export function hours(config: Config, now: Date): string {
	const { open, opens_at, closes_at } = config.open;
	if (open) return closes_at === null ? t('open_always') : t('open_until', { time: time(date(closes_at)) });
	return opens_at === null ? t('opens_unknown') : t('opens_at', { day: day(date(opens_at), now), time: time(date(opens_at)) });
}

/** Who answers now, in words. */
export function status(state: State, now: Date): string {
	const { conversation, config } = state;
	if (!config) return '';
	if (conversation?.state === 'closed') return t('status_closed');
	if (conversation?.owner === 'agent') return t('status_agent', { name: conversation.agent?.name || t('staff') });
	const peopleHere = config.mode === 'bot_only' ? '' : hours(config, now);
	if (waitsForPerson(state)) return [t('status_queue'), config.open.open ? '' : peopleHere].filter(Boolean).join(' · ');
	const bot = conversation ? conversation.owner === 'bot' : config.bot;
	return [bot ? t('status_bot') : '', peopleHere].filter(Boolean).join(' · ');
}

/** Company, who answers, and the visitor's own settings. */
export class Header {
	readonly #heading = h('h1', { tabindex: -1 });
	readonly #status = h('p', { class: 'status' });
	readonly #face = h('span', { class: 'face', 'aria-hidden': 'true' });
	readonly #toggle: HTMLButtonElement;
	readonly #close: HTMLButtonElement;
	readonly #smaller: HTMLButtonElement;
	readonly #normal: HTMLButtonElement;
	readonly #larger: HTMLButtonElement;
	readonly #contrast: HTMLButtonElement;
	readonly #language: HTMLSelectElement;
	readonly #languageLabel = h('span', { class: 'sr' });
	readonly #sizes: HTMLElement;
	readonly #said = h('span', { class: 'sr', role: 'status' });
	readonly #tools: HTMLElement;
	readonly #below = h('div', { class: 'below' });
	readonly #unfolded: (place: HTMLElement) => void;
	readonly element: HTMLElement;
	#faceShown = '';

	constructor(actions: HeaderActions) {
		this.#unfolded = actions.unfolded;
		this.#toggle = h('button', { type: 'button', class: 'plain aa', 'aria-expanded': 'false', 'aria-controls': 'tools', onclick: () => this.#unfold() }, h('span', { 'aria-hidden': 'true' }, 'Aa'));
		this.#close = h('button', { type: 'button', class: 'plain', onclick: actions.close }, icon('close'));
		const sizer = (label: string, by: -1 | 0 | 1): HTMLButtonElement => h('button', { type: 'button', onclick: () => actions.text(by) }, h('span', { 'aria-hidden': 'true' }, label));
		this.#smaller = sizer('A−', -1);
		this.#normal = sizer('A', 0);
		this.#larger = sizer('A+', 1);
		this.#contrast = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => actions.contrast(this.#contrast.getAttribute('aria-pressed') !== 'true') });
		this.#language = h('select', { onchange: () => actions.locale(this.#language.value as Locale) });
		this.#sizes = h('div', { class: 'sizes', role: 'group' }, this.#smaller, this.#normal, this.#larger);
		this.#tools = h('div', { id: 'tools', class: 'tools', hidden: true }, this.#sizes, this.#contrast, h('label', {}, this.#languageLabel, this.#language), this.#said, this.#below);
		const words = h('div', { class: 'words' }, this.#heading, this.#status);
		this.element = h('header', {}, h('div', { class: 'bar' }, this.#face, words, this.#toggle, this.#close), this.#tools);
	}

	#unfold(): void {
		const open = this.#tools.hidden;
		this.#tools.hidden = !open;
		set(this.#toggle, 'aria-expanded', String(open));
		if (open) this.#unfolded(this.#below);
	}

	focus(): void {
		this.#heading.focus();
	}

	/** Says the size that was chosen. */
	sized(index: number): void {
		write(this.#said, t('text_now', { percent: TEXT_SIZES[index] ?? 100 }));
		this.#disable(index);
	}

	#disable(index: number): void {
		// Not `disabled`: a key that has reached its end must not lose the focus.
		set(this.#smaller, 'aria-disabled', index === 0 ? 'true' : null);
		set(this.#larger, 'aria-disabled', index === TEXT_SIZES.length - 1 ? 'true' : null);
		set(this.#normal, 'aria-pressed', String(index === NORMAL));
	}

	update(state: State, languages: Locale[], locale: Locale, text: number, contrast: boolean): void {
		write(this.#heading, state.config?.workspace.name ?? '');
		write(this.#status, status(state, new Date()));
		this.#drawFace(state);
		for (const [element, label] of [[this.#toggle, t('settings')], [this.#close, t('close')], [this.#smaller, t('text_smaller')], [this.#normal, t('text_normal')], [this.#larger, t('text_larger')]] as const) {
			// The visible letters come first: people who steer by voice say what they see.
			set(element, 'aria-label', `${element.textContent} ${label}`.trim());
			set(element, 'title', label);
		}
		set(this.#sizes, 'aria-label', t('text_size'));
		write(this.#contrast, t('contrast'));
		set(this.#contrast, 'aria-pressed', String(contrast));
		write(this.#languageLabel, t('language'));
		this.#disable(text);
		const choices = languages.length > 0 ? languages : [locale];
		if (choices.join() !== [...this.#language.options].map((option) => option.value).join()) {
			this.#language.replaceChildren(...choices.map((choice) => h('option', { value: choice, lang: choice }, NAMES[choice])));
		}
		this.#language.value = locale;
		(this.#language.parentElement as HTMLElement).hidden = choices.length < 2;
	}

	/** The agent's picture, the company's logo, or an initial. */
	#drawFace(state: State): void {
		const agent = state.conversation?.owner === 'agent' && state.conversation.state === 'open' ? state.conversation.agent : null;
		const url = agent ? agent.avatar_url : (state.config?.brand.logo_url ?? null);
		const initial = (agent?.name ?? state.config?.workspace.name ?? '').slice(0, 1).toUpperCase();
		const shown = `${url} ${initial}`;
		if (shown === this.#faceShown) return;
		this.#faceShown = shown;
		const letter = (): void => this.#face.replaceChildren(initial);
		if (url) this.#face.replaceChildren(h('img', { src: url, alt: '', onerror: letter }));
		else letter();
	}
}
