import { h, icon, set, write } from '../dom';
import { explain, t } from '../i18n';
import { Problem } from '../problem';
import { type State, waitsForPerson } from '../state';
import type { Article, Attachment } from '../types';
import type { Claimed } from '../../shared/protocol';
import { Fields, notice } from './cards';
import { Suggestions } from './suggestions';
import { Uploads } from './uploads';

const MOST_CHARACTERS = 20_000;

/** What the composer asks of the chat. */
export interface ComposerActions {
	send(body: string, attachments: Attachment[]): void;
	person(): Promise<void>;
	typing(): void;
	stoppedTyping(): void;
	draft(text: string): void;
	upload(file: File, progress: (share: number) => void, stop: AbortSignal): Promise<Attachment>;
	articles(question: string, signal: AbortSignal): Promise<Article[]>;
	/** Answers to the questions before the chat. */
	introduce(claimed: Claimed): Promise<void>;
	introduced(): boolean;
}

/** Where the visitor writes; the way to a person is always beside it. */
export class Composer {
	readonly #actions: ComposerActions;
	readonly element: HTMLElement;
	readonly #input: HTMLTextAreaElement;
	readonly #label = h('label', { for: 'message', class: 'sr' });
	readonly #send: HTMLButtonElement;
	readonly #attach: HTMLButtonElement;
	readonly #picker = h('input', { type: 'file', multiple: true, hidden: true, tabindex: -1 });
	readonly #person: HTMLButtonElement;
	readonly #queue = h('p', { class: 'queue', role: 'status' });
	readonly #error = h('p', { class: 'error', role: 'alert' });
	readonly #before = h('div', { class: 'before' });
	readonly #drop = h('div', { class: 'drop', hidden: true, 'aria-hidden': 'true' });
	readonly #uploads: Uploads;
	readonly #suggestions: Suggestions;
	#questions: Fields | null = null;
	#fresh = true;

	constructor(actions: ComposerActions) {
		this.#actions = actions;
		this.#uploads = new Uploads(actions.upload, () => this.#ready());
		this.#suggestions = new Suggestions(actions.articles);
		this.#input = h('textarea', { id: 'message', rows: 1, maxlength: MOST_CHARACTERS, autocomplete: 'off', enterkeyhint: 'send', oninput: () => this.#typed(), onblur: () => actions.stoppedTyping() });
		this.#send = h('button', { type: 'submit', class: 'plain send' }, icon('send'));
		this.#attach = h('button', { type: 'button', class: 'plain', onclick: () => this.#picker.click() }, icon('clip'));
		this.#person = h('button', { type: 'button', class: 'person', onclick: () => void this.#askPerson() }, icon('person'), h('span'));
		this.#picker.addEventListener('change', () => {
			this.#uploads.add(this.#picker.files ?? []);
			this.#picker.value = '';
			this.#input.focus();
		});
		this.#input.addEventListener('keydown', (event) => {
			// On a touch keyboard the key makes a new line, as everywhere there; while composing it belongs to the input method.
			if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
			event.preventDefault();
			void this.#submit();
		});
		this.#input.addEventListener('paste', (event) => {
			const files = event.clipboardData?.files;
			if (!files?.length) return;
			event.preventDefault();
			this.#uploads.add(files);
		});
		const line = h('div', { class: 'line' }, this.#attach, this.#label, this.#input, this.#send);
		const form = h('form', { class: 'composer', novalidate: true, onsubmit: (event: SubmitEvent) => (event.preventDefault(), void this.#submit()) }, this.#before, ...this.#uploads.parts, line);
		this.element = h('footer', {}, ...this.#suggestions.parts, h('div', { class: 'way' }, this.#queue, this.#person), this.#error, form, this.#picker, this.#drop);
		this.#acceptDrops();
	}

	#acceptDrops(): void {
		const files = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
		addEventListener('dragover', (event) => {
			if (!files(event)) return;
			event.preventDefault();
			this.#drop.hidden = false;
		});
		addEventListener('dragleave', (event) => event.relatedTarget === null && (this.#drop.hidden = true));
		addEventListener('drop', (event) => {
			if (!files(event)) return;
			event.preventDefault();
			this.#drop.hidden = true;
			this.#uploads.add(event.dataTransfer?.files ?? []);
		});
	}

	focus(): void {
		(this.#questions?.fields[0]?.input ?? this.#input).focus();
	}

	get text(): string {
		return this.#input.value;
	}

	/** Puts text in; never over what the visitor has written. */
	fill(text: string): void {
		if (this.#input.value.trim() !== '') return;
		this.#input.value = text;
		this.#grow();
		this.#ready();
	}

	#typed(): void {
		this.#grow();
		this.#ready();
		write(this.#error, '');
		this.#actions.draft(this.#input.value);
		if (this.#input.value === '') this.#actions.stoppedTyping();
		else this.#actions.typing();
		this.#suggestions.about(this.#fresh ? this.#input.value : null);
	}

	/** As high as its text, up to what the style allows. */
	#grow(): void {
		this.#input.style.height = 'auto';
		this.#input.style.height = `${this.#input.scrollHeight + 2}px`;
	}

	#ready(): void {
		const something = this.#input.value.trim() !== '' || this.#uploads.ready.length > 0;
		set(this.#send, 'aria-disabled', something && !this.#uploads.busy ? null : 'true');
	}

	/** True when the questions before the chat are answered, or there are none. */
	async #introduced(): Promise<boolean> {
		const questions = this.#questions;
		if (!questions) return true;
		if (!questions.check()) return false;
		try {
			await this.#actions.introduce(questions.values);
			this.#questions = null;
			this.#before.replaceChildren();
			return true;
		} catch (error) {
			write(this.#error, questions.complain(error) ?? '');
			return false;
		}
	}

	async #submit(): Promise<void> {
		if (this.#uploads.busy || this.#send.getAttribute('aria-disabled') === 'true') return;
		if (!(await this.#introduced())) return;
		const body = this.#input.value.trim();
		const attachments = this.#uploads.ready;
		if (body === '' && attachments.length === 0) return;
		this.#input.value = '';
		this.#uploads.clear();
		this.#suggestions.about(null);
		this.#grow();
		this.#ready();
		this.#actions.draft('');
		this.#actions.stoppedTyping();
		this.#actions.send(body, attachments);
		this.#input.focus();
	}

	async #askPerson(): Promise<void> {
		if (this.#person.getAttribute('aria-busy') || !(await this.#introduced())) return;
		set(this.#person, 'aria-busy', 'true');
		write(this.#error, '');
		try {
			await this.#actions.person();
			this.#suggestions.about(null);
			this.#input.focus();
		} catch (error) {
			write(this.#error, explain(error instanceof Problem ? error : new Problem(0, 'unknown')));
		}
		set(this.#person, 'aria-busy', null);
	}

	update(state: State): void {
		const { conversation, config } = state;
		this.#fresh = conversation === null && state.pending.length === 0;
		const waiting = waitsForPerson(state);
		const withPerson = conversation?.state === 'open' && conversation.owner === 'agent';
		this.#person.hidden = waiting || withPerson || config?.mode === 'bot_only';
		write(this.#person.querySelector('span') as Element, t('person'));
		const place = waiting && conversation?.queue_position != null && config?.open.open ? ` ${t('queue_position', { position: conversation.queue_position })}.` : '';
		write(this.#queue, waiting ? t('queue_waiting') + place : '');
		this.#askBefore(state);
		for (const [button, text] of [[this.#send, t('send')], [this.#attach, t('attach')]] as const) {
			set(button, 'aria-label', text);
			set(button, 'title', text);
		}
		write(this.#label, t('message'));
		set(this.#input, 'placeholder', t('message_hint'));
		write(this.#drop, t('drop_here'));
		this.#ready();
	}

	/** The company's questions before a first conversation. */
	#askBefore({ conversation, config }: State): void {
		const wanted = config?.pre_chat.fields ?? [];
		const ask = wanted.length > 0 && conversation === null && !this.#actions.introduced();
		if (!ask && this.#questions) {
			this.#questions = null;
			this.#before.replaceChildren();
		}
		if (!ask || this.#questions) return;
		this.#questions = new Fields(wanted);
		this.#before.replaceChildren(h('fieldset', {}, h('legend', {}, t('prechat')), ...this.#questions.fields.map((field) => field.element), notice(config)));
	}

	/** Draws what carries words anew. */
	redraw(): void {
		if (this.#questions) {
			this.#questions = null;
			this.#before.replaceChildren();
		}
		this.#suggestions.about(null);
	}
}
