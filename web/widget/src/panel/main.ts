import './style.css';
import { readConfig } from '../shared/config';
import { type Locale, pickLocale } from '../shared/locale';
import type { ToPanel } from '../shared/protocol';
import { Bridge } from './bridge';
import { Chat } from './chat';
import { h, set, write } from './dom';
import { fragment } from './html';
import { locale, speak, speakMore, t } from './i18n';
import type { RatingCard } from './later';
import { NORMAL, stepText, TEXT_SIZES, watchDevice, wear } from './preferences';
import type { State } from './state';
import type { Message } from './types';
import { detailsForm, type FieldName } from './view/cards';
import { Composer } from './view/composer';
import { Header } from './view/header';
import { Log } from './view/log';
import { speaker } from './view/message';

const DRAFT_EVERY_MS = 400;

/** The panel: joins chat, screen and the page around. */
class Panel {
	readonly #chat: Chat;
	readonly #header: Header;
	readonly #log: Log;
	readonly #composer: Composer;
	/** Where the card that asks for a rating will stand. */
	readonly #ratingPlace = h('section', { class: 'card rating', hidden: true });
	#later: Promise<typeof import('./later')> | null = null;
	#rating: RatingCard | null = null;
	/** Where the sound and the transcript stand, once they were asked for. */
	#place: HTMLElement | null = null;
	readonly #notice = h('p', { class: 'notice', role: 'status' });
	#text = NORMAL;
	#contrast = false;
	#theme = 'auto';
	#draftTimer = 0;
	#wasOffline = false;
	#begun = false;
	#early: ToPanel[] = [];
	#worn = '';

	constructor(key: string, origin: string) {
		const bridge = new Bridge(origin, (message) => void this.#hear(message));
		this.#chat = new Chat(key, bridge, { render: (state) => this.#render(state), summary: (message) => this.#summary(message), locale: () => locale });
		this.#header = new Header({
			close: () => bridge.tell({ type: 'close' }),
			text: (by) => this.#chooseText(by),
			contrast: (on) => this.#chooseContrast(on),
			locale: (wish) => void this.#choose(wish),
			unfolded: (place) => void this.#offerMore(place).catch(() => undefined /* offline: the next unfolding asks again */)
		});
		this.#log = new Log(
			{
				choose: (option, label) => this.#send(label, [], option),
				retry: (clientKey) => this.#chat.retry(clientKey),
				discard: (clientKey) => this.#chat.discard(clientKey),
				form: (message) => this.#form(message)
			},
			() => this.#chat.loadEarlier(),
			this.#ratingPlace
		);
		this.#composer = new Composer({
			send: (body, attachments) => this.#send(body, attachments, null),
			person: () => this.#chat.person(),
			typing: () => this.#chat.typing(),
			stoppedTyping: () => this.#chat.stoppedTyping(),
			draft: (draft) => this.#draft(draft),
			upload: (file, progress, stop) => this.#chat.upload(file, progress, stop),
			articles: (question, signal) => this.#chat.articles(question, signal),
			introduce: async (claimed) => {
				await this.#chat.visitor.introduce(claimed);
				this.#chat.keep('introduced', '1');
			},
			introduced: () => this.#chat.kept('introduced') !== null || this.#chat.visitor.named
		});
		document.body.append(h('div', { class: 'app' }, this.#header.element, this.#notice, this.#log.element, this.#composer.element));
		document.addEventListener('keydown', (event) => {
			if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) bridge.tell({ type: 'close' });
		});
		watchDevice(() => this.#dress());
		bridge.tell({ type: 'hello' });
	}

	/** Messages wait until the language is loaded: nothing is shown, or said, in the wrong one. */
	async #hear(message: ToPanel): Promise<void> {
		if (message.type === 'init') {
			await this.#begin(message);
			for (const waiting of this.#early.splice(0)) this.#act(waiting);
		} else if (this.#begun) this.#act(message);
		else this.#early.push(message);
	}

	async #begin(init: Extract<ToPanel, { type: 'init' }>): Promise<void> {
		if (this.#begun) return;
		const { stored } = init;
		this.#text = Math.min(TEXT_SIZES.length - 1, Math.max(0, Number(stored.text ?? NORMAL) || 0));
		this.#contrast = stored.contrast === '1';
		this.#theme = init.theme ?? 'auto';
		const config = init.config ? readConfig(init.config) : null;
		const wish = pickLocale([init.locale, config?.locale, navigator.language]) ?? 'en';
		await speak(!config || config.languages.includes(wish) ? wish : config.locale);
		this.#begun = true;
		this.#layout(init.small);
		this.#chat.begin(init);
		this.#composer.fill(stored.draft ?? '');
		this.#render(this.#chat.state);
		// Asked for in another language, or not at all.
		if (config?.locale !== locale) await this.#chat.refresh();
	}

	#act(message: ToPanel): void {
		this.#chat.hear(message);
		switch (message.type) {
			case 'open':
				this.#layout(message.small);
				this.#log.toEnd();
				// A small screen's keyboard would hide what there is to read.
				if (message.focus) requestAnimationFrame(() => (message.small ? this.#header : this.#composer).focus());
				return;
			case 'layout':
				return this.#layout(message.small);
			case 'locale':
				return void this.#choose(pickLocale([message.locale]) ?? locale, false);
			case 'theme':
				this.#theme = message.theme;
				return this.#dress();
			case 'compose':
				return this.#composer.fill(message.text);
		}
	}

	#layout(small: boolean): void {
		document.documentElement.dataset.small = String(small);
	}

	#render(state: State): void {
		if (!this.#begun) return;
		this.#dress();
		this.#header.update(state, this.#chat.languages, locale, this.#text, this.#contrast);
		this.#log.update(state, this.#chat.earlier);
		if (this.#rating) this.#rating.update(state);
		else if (state.conversation?.ask_rating) void this.#askRating();
		this.#composer.update(state);
		this.#tellConnection(state);
		document.title = t('launcher_title', { company: state.config?.workspace.name ?? '' });
	}

	/** What a first visit does not need; asked for again when it did not come. */
	async #more(): Promise<typeof import('./later')> {
		this.#later ??= Promise.all([import('./later'), speakMore()]).then(([later]) => later);
		return this.#later.catch((problem) => {
			this.#later = null;
			throw problem;
		});
	}

	async #askRating(): Promise<void> {
		const { RatingCard } = await this.#more();
		this.#rating ??= new RatingCard(this.#ratingPlace, (given) => this.#chat.rate(given));
		this.#rating.update(this.#chat.state);
	}

	/** The sound, and keeping the conversation when there is one. */
	async #offerMore(place: HTMLElement): Promise<void> {
		this.#place = place;
		const { soundSwitch, Transcript } = await this.#more();
		place.replaceChildren(soundSwitch(this.#chat.kept('sound') !== null, (on) => this.#chat.keep('sound', on ? '1' : null)));
		if (!this.#chat.state.conversation) return;
		place.append(new Transcript({ addresses: () => this.#chat.transcript(), send: (email) => this.#chat.mailTranscript(email) }).element);
	}

	#dress(): void {
		const look = { brand: this.#chat.config?.brand.color ?? '', theme: this.#theme, text: this.#text, contrast: this.#contrast };
		const mark = JSON.stringify([look, matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('(prefers-contrast: more)').matches]);
		if (mark === this.#worn) return;
		this.#worn = mark;
		wear(look);
	}

	/** Offline is said, not hidden. */
	#tellConnection(state: State): void {
		const offline = state.connection === 'offline' || !navigator.onLine;
		set(this.#notice, 'data-kind', offline ? 'offline' : 'online');
		if (offline) write(this.#notice, t('offline'));
		else if (this.#wasOffline) {
			write(this.#notice, t('reconnected'));
			setTimeout(() => this.#notice.dataset.kind === 'online' && write(this.#notice, ''), 4_000);
		}
		this.#wasOffline = offline;
	}

	#send(body: string, attachments: Parameters<Chat['send']>[1], option: string | null): void {
		this.#chat.send(body, attachments, option);
		this.#log.toEnd();
	}

	#form(message: Message): HTMLElement {
		const known: readonly FieldName[] = ['name', 'email', 'phone'];
		const asked = Array.isArray(message.meta.data.fields) ? message.meta.data.fields : ['email', 'phone'];
		return detailsForm(known.filter((name) => asked.includes(name)), this.#chat.config, (details) => this.#chat.leaveDetails(details));
	}

	#summary(message: Message): { author: string; text: string } {
		if (this.#chat.kept('sound')) void this.#more().then(({ ding }) => ding(), () => undefined);
		const text = message.html ? (fragment(message.html, '').textContent ?? '') : message.body;
		return { author: speaker(message), text: (text || message.attachments.map((file) => file.name).join(', ')).slice(0, 200) };
	}

	#draft(text: string): void {
		clearTimeout(this.#draftTimer);
		const keep = (): void => this.#chat.keep('draft', text === '' ? null : text);
		if (text === '') keep();
		else this.#draftTimer = window.setTimeout(keep, DRAFT_EVERY_MS);
	}

	#chooseText(by: -1 | 0 | 1): void {
		this.#text = stepText(this.#text, by);
		this.#chat.keep('text', this.#text === NORMAL ? null : String(this.#text));
		this.#dress();
		this.#header.sized(this.#text);
	}

	#chooseContrast(on: boolean): void {
		this.#contrast = on;
		this.#chat.keep('contrast', on ? '1' : null);
		this.#render(this.#chat.state);
	}

	async #choose(wish: Locale, byVisitor = true): Promise<void> {
		await speak(wish);
		if (byVisitor) this.#chat.keep('locale', wish);
		this.#log.redraw();
		this.#composer.redraw();
		this.#rating?.redraw();
		if (this.#place) void this.#offerMore(this.#place);
		this.#render(this.#chat.state);
		this.#chat.chooseLocale(wish);
	}
}

const key = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
const hash = new URLSearchParams(location.hash.slice(1));
// The language starts to load before the page around has answered.
void speak(pickLocale([hash.get('locale')]) ?? 'en').then(() => new Panel(key, hash.get('origin') ?? ''));
