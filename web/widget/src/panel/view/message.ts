import { h, icon, type Row, set, write } from '../dom';
import { fragment, newTab } from '../html';
import { date, explain, size, t, time } from '../i18n';
import type { Pending } from '../outbox';
import { Problem } from '../problem';
import type { Attachment, Conversation, Message } from '../types';

/** What can be done in the conversation. */
export interface LogActions {
	choose(key: string, label: string): void;
	retry(clientKey: string): void;
	discard(clientKey: string): void;
	/** The form for contact details, once for each message that asks. */
	form(message: Message): HTMLElement;
}

/** Where a message stands among its neighbours. */
export interface Place {
	/** First and last of what one speaker said in one go. */
	first: boolean;
	last: boolean;
	/** Whether the buttons under it can still be used. */
	choosable: boolean;
	/** Whether the contact form in it was filled in. */
	done: boolean;
}

/** Pictures that browsers show safely; everything else is a link. */
const PICTURES = /^image\/(png|jpeg|gif|webp|avif)$/;

/** Who speaks, in the visitor's language. */
export function speaker(message: Message): string {
	if (message.mine) return t('you');
	if (message.author.kind === 'bot') return t('bot');
	return message.author.name || t('staff');
}

function file(attachment: Attachment): HTMLElement {
	const { name, url, media_type, width, height } = attachment;
	if (PICTURES.test(media_type)) {
		const picture = h('img', { src: url, alt: t('picture', { name }), loading: 'lazy', width, height });
		return h('a', { class: 'picture', href: url, target: '_blank', rel: 'noopener noreferrer' }, picture, h('span', { class: 'sr' }, ` (${t('new_tab')})`));
	}
	return h('a', { class: 'file', href: url, target: '_blank', rel: 'noopener noreferrer', download: name }, icon('file'), h('span', {}, name), h('small', {}, size(attachment.bytes)));
}

const files = (attachments: Attachment[]): HTMLElement | null => (attachments.length === 0 ? null : h('div', { class: 'files' }, ...attachments.map(file)));

function label(message: Message): HTMLElement {
	const bot = message.author.kind === 'bot';
	const avatar = message.author.avatar_url;
	const face = h('span', { class: 'face' }, bot ? icon('bot') : avatar ? h('img', { src: avatar, alt: '' }) : speaker(message).slice(0, 1));
	return h('p', { class: 'by', 'aria-hidden': 'true' }, face, bot ? t('bot_machine') : speaker(message));
}

/** The text for screen readers in front of every message: who and when; the visible label stands once for a group. */
const said = (name: string, at: Date): HTMLElement => h('span', { class: 'sr' }, `${t('said_at', { name, time: time(at) })} `);

const foot = (text: string): HTMLElement => h('p', { class: 'foot', 'aria-hidden': 'true' }, text);

/** A message of the other side. */
function theirs(message: Message, place: Place, actions: LogActions): HTMLElement {
	const bubble = h('div', { class: 'bubble' });
	bubble.append(said(message.author.kind === 'bot' ? t('bot_machine') : speaker(message), date(message.created_at)));
	if (message.removed_at !== null) bubble.append(h('em', {}, t('removed')));
	else if (message.html) bubble.append(fragment(message.html, t('new_tab')));
	else bubble.append(message.body);
	const { sources, options } = message.meta;
	if (sources.length > 0) {
		bubble.append(h('p', { class: 'sources' }, `${t('source')}: `, ...sources.flatMap((source, index) => [index > 0 ? ', ' : null, newTab(source.url, source.title, t('new_tab'))])));
	}
	const choices = options.map(({ key, label: text }) => h('button', { type: 'button', class: 'choice', onclick: () => actions.choose(key, text) }, text));
	return h(
		'div',
		{ class: 'message theirs' },
		label(message),
		message.removed_at === null && message.attachments.length > 0 && !message.body ? bubbleLess(bubble) : bubble,
		files(message.attachments),
		choices.length > 0 && place.choosable && h('div', { class: 'choices' }, ...choices),
		message.kind === 'form' && (place.done ? h('p', { class: 'card done' }, t('form_done')) : actions.form(message)),
		foot(time(date(message.created_at)))
	);
}

/** Files without words need no bubble, only the name of who sent them. */
function bubbleLess(bubble: HTMLElement): HTMLElement {
	bubble.className = 'bare';
	return bubble;
}

function ownContent(body: string, attachments: Attachment[], at: Date): (HTMLElement | null)[] {
	const name = said(t('you'), at);
	return [body ? h('div', { class: 'bubble' }, name, h('span', { class: 'written' }, body)) : name, files(attachments)];
}

/** The row of a stored message. */
export function messageRow(message: Message, place: Place, actions: LogActions): Row {
	// An own message keeps the row that it had while it was on its way, so that nothing is announced twice.
	const key = message.mine && message.client_key ? message.client_key : message.id;
	const at = date(message.created_at);
	const content = [message.removed_at, message.edited_at, message.html, place.done];
	return {
		key,
		mark: message.mine ? `mine ${message.removed_at}` : JSON.stringify(content),
		draw: () => {
			if (!message.mine) return theirs(message, place, actions);
			const shown = message.removed_at === null ? ownContent(message.body, message.attachments, at) : [h('div', { class: 'bubble' }, h('em', {}, t('removed')))];
			return h('div', { class: 'message mine' }, ...shown, foot(time(at)));
		},
		touch: (element) => {
			group(element, place.first, place.last);
			const footer = element.querySelector('.foot');
			if (footer) write(footer, message.edited_at === null ? time(at) : `${time(at)} · ${t('edited')}`);
			if (!place.choosable) element.querySelector('.choices')?.remove();
		}
	};
}

function group(element: HTMLElement, first: boolean, last: boolean): void {
	element.classList.toggle('first', first);
	element.classList.toggle('last', last);
}

/** The row of a message that the server has not acknowledged. */
export function pendingRow(message: Pending, first: boolean, last: boolean): Row {
	const at = new Date(message.created_at);
	return {
		key: message.client_key,
		mark: 'mine null',
		draw: () => h('div', { class: 'message mine' }, ...ownContent(message.body, message.attachments, at), foot(time(at))),
		touch: (element) => {
			group(element, first, last);
			set(element, 'data-state', message.state);
		}
	};
}

/** How far the visitor's last words have come; not announced. */
export class Delivery {
	readonly #actions: LogActions;
	readonly element = h('div', { class: 'delivery', 'aria-live': 'off' });
	#shown = '';

	constructor(actions: LogActions) {
		this.#actions = actions;}

	update(own: Message | null, pending: Pending | null, failed: Pending[], conversation: Conversation | null, offline: boolean): void {
		const seen = own !== null && conversation?.owner === 'agent' && conversation.agent_seen_seq >= own.seq;
		const state = pending ? (offline && pending.state === 'waiting' ? t('waiting') : t('sending')) : own ? (seen ? t('seen') : t('sent')) : '';
		const shown = JSON.stringify([state, failed.map((message) => [message.client_key, message.problem])]);
		if (shown === this.#shown) return;
		this.#shown = shown;
		this.element.replaceChildren(...failed.map((message) => this.#refused(message)), failed.length > 0 ? '' : state);
	}

	/** Says it again, in another language. */
	forget(): void {
		this.#shown = '';
	}

	#refused(message: Pending): HTMLElement {
		const why = message.problem ? explain(new Problem(400, message.problem)) : '';
		return h(
			'p',
			{ class: 'refused', role: 'alert' },
			`${t('failed')} ${why} `,
			h('button', { type: 'button', class: 'link', onclick: () => this.#actions.retry(message.client_key) }, t('retry')),
			' ',
			h('button', { type: 'button', class: 'link', onclick: () => this.#actions.discard(message.client_key) }, t('discard'))
		);
	}
}
