import { h, type Row, Rows, set, write } from '../dom';
import { date, day, t } from '../i18n';
import type { State, Thread } from '../state';
import type { Message } from '../types';
import { hours } from './header';
import { Delivery, type LogActions, messageRow, pendingRow, type Place } from './message';

/** Words of one speaker this close together (µs) stand under one name. */
const TOGETHER = 5 * 60 * 1_000_000;
/** Nearer to the end than this (px) the log follows what comes. */
const NEAR = 80;

const EVENTS = new Set(['handed_over', 'assigned', 'closed', 'reopened', 'contact_details_left']);

/** Who the other side is, before a word is said, and the conversation itself. */
export class Log {
	readonly #actions: LogActions;
	readonly element: HTMLElement;
	readonly #greeting = h('p', { class: 'greeting' });
	readonly #about = h('p', { class: 'about' });
	readonly #intro: HTMLElement;
	readonly #earlier: HTMLButtonElement;
	readonly #list = h('div', { role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', class: 'log' });
	readonly #rows = new Rows(this.#list);
	readonly #typing = h('p', { class: 'typing', hidden: true, 'aria-hidden': 'true' }, h('span', { class: 'dots' }, h('i'), h('i'), h('i')), h('span', { class: 'name' }));
	readonly #typingSaid = h('p', { class: 'sr', role: 'status' });
	readonly #delivery: Delivery;
	#firstKey = '';
	#lastKey = '';
	#following = true;
	#quiet = 0;
	#typingSaidAt = Number.NEGATIVE_INFINITY;

	constructor(
		actions: LogActions,
		loadEarlier: () => Promise<void>,
		/** The card that asks for a rating. */
		after: HTMLElement
	) {
		this.#actions = actions;
		this.#delivery = new Delivery(actions);
		this.#intro = h('div', { class: 'intro' }, this.#greeting, this.#about);
		const load = async (): Promise<void> => {
			set(this.#earlier, 'aria-busy', 'true');
			await loadEarlier().catch(() => undefined /* the button stays: it can be pressed again */);
			set(this.#earlier, 'aria-busy', null);
		};
		this.#earlier = h('button', { type: 'button', class: 'earlier', hidden: true, onclick: () => void load() });
		this.element = h('main', { class: 'scroll', tabindex: 0 }, this.#earlier, this.#intro, this.#list, this.#typing, this.#delivery.element, after, this.#typingSaid);
		this.element.addEventListener('scroll', () => {
			const { scrollTop, scrollHeight, clientHeight } = this.element;
			this.#following = scrollHeight - scrollTop - clientHeight < NEAR;
			if (scrollTop < 40 && !this.#earlier.hidden && this.#earlier.getAttribute('aria-busy') === null) void load();
		});
		new ResizeObserver(() => this.#follow()).observe(this.element);
		new ResizeObserver(() => this.#follow()).observe(this.#list);
	}

	#follow(): void {
		if (this.#following) this.element.scrollTop = this.element.scrollHeight;
	}

	/** Shows the end, whatever the visitor was reading: they have just written something. */
	toEnd(): void {
		this.#following = true;
		this.#follow();
	}

	update(state: State, earlier: boolean): void {
		const { config } = state;
		write(this.#greeting, config?.greeting ?? t('greeting'));
		write(this.#about, config ? (config.bot ? t(config.mode === 'bot_only' ? 'intro_bot_only' : 'intro_bot') : t('intro_person')) + this.#whenPeople(state) : '');
		write(this.#earlier, t('earlier'));
		set(this.#list, 'aria-label', t('log'));
		this.#earlier.hidden = !earlier;
		this.#intro.hidden = earlier;
		const rows = this.#compose(state);
		this.#silenceHistory(rows);
		const before = this.element.scrollHeight - this.element.scrollTop;
		const grewAbove = this.#firstKey !== '' && rows[0]?.key !== this.#firstKey;
		this.#rows.update(rows);
		this.#firstKey = rows[0]?.key ?? '';
		this.#lastKey = rows.at(-1)?.key ?? '';
		this.#updateTyping(state);
		this.#updateDelivery(state);
		if (grewAbove && !this.#following) this.element.scrollTop = this.element.scrollHeight - before;
		else this.#follow();
	}

	/** Draws every row anew, in another language, without announcing it all again. */
	redraw(): void {
		this.#rows.update([]);
		this.#firstKey = this.#lastKey = '';
		this.#delivery.forget();
	}

	#whenPeople(state: State): string {
		const { config } = state;
		if (!config || config.mode === 'bot_only') return '';
		const reply = config.open.open && config.reply_minutes !== null ? ` ${t('reply_minutes', { minutes: config.reply_minutes })}.` : '';
		return ` ${hours(config, new Date())}.${reply}`;
	}

	/** What is loaded from before is not news: only what is added after the last known row is announced. */
	#silenceHistory(rows: Row[]): void {
		const fresh = this.#lastKey === '' && rows.length > 2;
		const above = this.#firstKey !== '' && rows[0]?.key !== this.#firstKey;
		if (!fresh && !above) return;
		this.#list.setAttribute('aria-live', 'off');
		clearTimeout(this.#quiet);
		this.#quiet = window.setTimeout(() => this.#list.setAttribute('aria-live', 'polite'), 500);
	}

	#compose(state: State): Row[] {
		const now = new Date();
		const rows: Row[] = [];
		let lastDay = '';
		for (const thread of state.threads) {
			const current = thread.id === state.conversation?.id;
			thread.messages.forEach((message, index) => {
				const words = day(date(message.created_at), now);
				const newDay = words !== lastDay;
				if (newDay) rows.push({ key: `day ${thread.id} ${words}`, mark: words, draw: () => h('p', { class: 'day' }, words) });
				lastDay = words;
				const row = this.#row(thread, index, current && state.conversation?.state === 'open' && state.pending.length === 0, newDay);
				if (row) rows.push(row);
			});
		}
		state.pending.forEach((message, index) => {
			const before = state.threads.at(-1)?.messages.at(-1);
			rows.push(pendingRow(message, index === 0 && before?.mine !== true, index === state.pending.length - 1));
		});
		return rows;
	}

	#row(thread: Thread, index: number, choosable: boolean, newDay: boolean): Row | null {
		const { messages } = thread;
		const message = messages[index] as Message;
		if (message.kind === 'event') return this.#event(message);
		if (message.kind === 'rating') return null;
		const later = messages.slice(index + 1);
		const place: Place = {
			first: newDay || !together(messages[index - 1], message),
			last: !together(message, messages[index + 1]),
			choosable: choosable && !later.some((next) => next.mine || next.meta.options.length > 0 || next.meta.event === 'handed_over'),
			done: message.kind === 'form' && later.some((next) => next.meta.event === 'contact_details_left')
		};
		return messageRow(message, place, this.#actions);
	}

	#event(message: Message): Row | null {
		const { event, data } = message.meta;
		if (!event || !EVENTS.has(event)) return null;
		const agent = data.agent as { name?: unknown } | null | undefined;
		const name = typeof agent?.name === 'string' ? agent.name.split(' ')[0] : message.author.name;
		const text =
			event === 'assigned' ? (name ? t('event_assigned', { name }) : t('event_assigned_nobody'))
			: event === 'handed_over' ? t('event_handed_over')
			: event === 'closed' ? t('event_closed')
			: event === 'reopened' ? t('event_reopened')
			: t('event_contact_details_left');
		return { key: message.id, mark: text, draw: () => h('p', { class: 'event' }, text) };
	}

	#updateTyping(state: State): void {
		const { typing } = state;
		this.#typing.hidden = typing === null;
		if (!typing) return;
		const text = t('typing', { name: typing.kind === 'bot' ? t('bot') : typing.name || t('staff') });
		write(this.#typing.querySelector('.name') as Element, text);
		// Said once in ten seconds at most: whoever listens hears the answer soon enough.
		const now = performance.now();
		if (now - this.#typingSaidAt < 10_000) return;
		this.#typingSaidAt = now;
		write(this.#typingSaid, text);
		setTimeout(() => write(this.#typingSaid, ''), 3_000);
	}

	#updateDelivery(state: State): void {
		const messages = state.threads.at(-1)?.messages ?? [];
		const last = messages.filter((message) => message.kind !== 'event').at(-1);
		const failed = state.pending.filter((message) => message.state === 'failed');
		const going = state.pending.find((message) => message.state !== 'failed') ?? null;
		this.#delivery.update(last?.mine ? last : null, going, failed, state.conversation, state.connection === 'offline' || !navigator.onLine);
	}
}

/** Whether two neighbours are words of one speaker in one go. */
function together(one: Message | undefined, other: Message | undefined): boolean {
	if (!one || !other || one.kind === 'event' || other.kind === 'event') return false;
	const same = one.mine === other.mine && one.author.kind === other.author.kind && one.author.name === other.author.name;
	return same && other.created_at - one.created_at < TOGETHER;
}
