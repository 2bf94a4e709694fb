/** Tells about what has come while the person looks elsewhere: in the tab's title, on the desktop, by a sound. Each only if wished. */
import { goto } from '$app/navigation';
import type { Changes, ConversationRow, Id, Staff } from '$lib/api';
import { t } from '$lib/i18n.svelte';
import { desk } from './desk.svelte';
import { preferences } from './preferences.svelte';
import { session } from './session.svelte';

/** What is older than this came in while the line was down: the list shows it, nobody is startled by it. */
const NEWS_MICROS = 120_000_000;
const SHOWN_MS = 12_000;
const BETWEEN_SOUNDS_MS = 3_000;

export type News = { conversation: Id; title: string; text: string };

/** What of these changes this person wants to hear of. Pure: `now` in microseconds. */
export function newsIn(changes: Pick<Changes, 'events' | 'messages'>, rows: ReadonlyMap<Id, ConversationRow>, me: Pick<Staff, 'id' | 'name'>, scope: 'mine' | 'all', now: number): News[] {
	const nameOf = (row: ConversationRow) => row.contact?.name || row.contact?.email || t('contact.unknown');
	const concerns = (row: ConversationRow) => row.owner.agent?.id === me.id || (scope === 'all' && row.owner.kind === 'queue');
	const news: News[] = [];
	for (const event of changes.events) {
		const row = event.conversation ? rows.get(event.conversation) : undefined;
		const given = event.kind === 'conversation.assigned' && row?.owner.agent?.id === me.id && event.actor !== `staff:${me.id}`;
		const queued = scope === 'all' && event.kind === 'conversation.handed_over' && row?.owner.kind === 'queue';
		if (row && (given || queued)) news.push({ conversation: row.id, title: t(given ? 'notice.assigned' : 'notice.queued', { name: nameOf(row) }), text: row.preview });
	}
	for (const message of changes.messages) {
		const row = rows.get(message.conversation_id);
		if (!row || message.kind === 'event' || now - message.created_at > NEWS_MICROS) continue;
		const asked = message.direction === 'in' && concerns(row);
		const mentioned = message.visibility === 'private' && message.author.id !== me.id && message.body.includes(`@${me.name}`);
		if (asked || mentioned) news.push({ conversation: row.id, title: mentioned ? t('notice.mentioned', { name: message.author.name }) : nameOf(row), text: message.body.slice(0, 160) });
	}
	// One word about each conversation: the last.
	return [...new Map(news.map((one) => [one.conversation, one])).values()];
}

class Notices {
	#unseen = new Set<Id>();
	#soundAt = 0;
	#audio: AudioContext | null = null;

	start(): () => void {
		const stop = desk.onChanges((changes) => this.#take(changes));
		const looked = () => {
			if (document.visibilityState !== 'visible') return;
			this.#unseen.clear();
			this.#title();
		};
		document.addEventListener('visibilitychange', looked);
		addEventListener('focus', looked);
		return () => {
			stop();
			document.removeEventListener('visibilitychange', looked);
			removeEventListener('focus', looked);
		};
	}

	/** Asks the browser for the right to show notices; false when the person or the browser refuses. */
	async allow(): Promise<boolean> {
		if (!('Notification' in window)) return false;
		return (await Notification.requestPermission()) === 'granted';
	}

	/** Two short tones, made here: no file has to come. */
	sound(): void {
		if (Date.now() - this.#soundAt < BETWEEN_SOUNDS_MS) return;
		this.#soundAt = Date.now();
		this.#audio ??= new AudioContext();
		const audio = this.#audio;
		for (const [frequency, after] of [[660, 0], [880, 0.13]] as const) {
			const tone = audio.createOscillator();
			const loudness = audio.createGain();
			tone.frequency.value = frequency;
			const at = audio.currentTime + after;
			loudness.gain.setValueAtTime(0, at);
			loudness.gain.linearRampToValueAtTime(0.12, at + 0.02);
			loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.28);
			tone.connect(loudness).connect(audio.destination);
			tone.start(at);
			tone.stop(at + 0.3);
		}
	}

	#take(changes: Changes): void {
		const { notify, sound } = preferences.current;
		const looking = document.visibilityState === 'visible' && document.hasFocus();
		const news = newsIn(changes, desk.state.conversations, session.me, notify === 'all' ? 'all' : 'mine', Date.now() * 1000).filter((one) => !(looking && desk.open === one.conversation));
		if (news.length === 0) return;
		if (sound) this.sound();
		if (looking) return;
		for (const one of news) this.#unseen.add(one.conversation);
		this.#title();
		if (notify === 'off' || !('Notification' in window) || Notification.permission !== 'granted') return;
		for (const one of news.slice(-3)) this.#show(one);
	}

	#show(news: News): void {
		const notice = new Notification(news.title, { body: news.text, tag: news.conversation, icon: '/app/icon.svg' });
		notice.onclick = () => {
			window.focus();
			notice.close();
			void goto(`/app/inbox/all/${news.conversation}`);
		};
		setTimeout(() => notice.close(), SHOWN_MS);
	}

	/** "(2) …": nothing navigates while nobody looks, so the title stays ours to change. */
	#title(): void {
		const plain = document.title.replace(/^\(\d+\) /, '');
		document.title = this.#unseen.size > 0 ? `(${this.#unseen.size}) ${plain}` : plain;
	}
}

export const notices = new Notices();
