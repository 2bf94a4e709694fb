/** Answers on their way: shown at once, sent with a key that makes a second try harmless, taken back while they wait. */
import { api, asProblem, type Addressing, type Attachment, type ChannelKind, type Id, type NewMessage, type Problem, type Visibility } from '$lib/api';
import { t } from '$lib/i18n.svelte';
import { desk } from './desk.svelte';
import { preferences } from './preferences.svelte';
import { proposed } from './promises.svelte';
import { toasts, UNDO_MS } from './toasts.svelte';

export type Outgoing = {
	key: string;
	conversation: Id;
	body: string;
	visibility: Visibility;
	attachments: Attachment[];
	mentions: Id[];
	close: boolean;
	/** Recipients and subject, where a channel has them. */
	addressing?: Addressing | undefined;
	status: 'held' | 'sending' | 'failed';
	problem: Problem | null;
	/** Milliseconds since 1970. */
	createdAt: number;
	tries: number;
};
export type Written = Pick<Outgoing, 'conversation' | 'body' | 'visibility' | 'attachments' | 'mentions' | 'close' | 'addressing'>;

const MOST_TRIES = 6;

class Outbox {
	items = $state.raw<Outgoing[]>([]);
	/** An answer that was taken back; the composer picks it up. */
	returned = $state.raw<Written | null>(null);
	/** Messages that went a moment ago and can still be taken back, by id. */
	recent = $state.raw<ReadonlyMap<Id, Written>>(new Map());
	#timers = new Map<string, ReturnType<typeof setTimeout>>();
	/** What the server has been sent and has not answered yet, oldest first; its own copy may be on the screen before that. */
	#underWay = new Map<string, Outgoing>();
	/** Taken back while under way: removed as soon as the server has told that it has them. */
	#unwanted = new Set<string>();

	of(conversation: Id): Outgoing[] {
		return this.items.filter((item) => item.conversation === conversation);
	}

	send(written: Written, channel: ChannelKind): void {
		const seconds = written.visibility === 'private' ? 0 : channel === 'chat' ? preferences.current.undo_seconds.chat : preferences.current.undo_seconds.email;
		const item: Outgoing = {
			...written,
			key: crypto.randomUUID(),
			status: seconds > 0 ? 'held' : 'sending',
			problem: null,
			createdAt: Date.now(),
			tries: 0
		};
		this.items = [...this.items, item];
		if (seconds === 0) {
			void this.#post(item.key);
			if (written.close) this.#offerReopen(written.conversation);
			return;
		}
		toasts.show(t(written.close ? 'composer.sending_closing' : 'composer.sending_soon'), {
			action: { label: t('action.undo'), run: () => this.takeBack(item.key) },
			milliseconds: seconds * 1000
		});
		this.#later(item.key, seconds * 1000);
	}

	takeBack(key: string): void {
		const item = this.items.find((one) => one.key === key);
		if (!item || item.status === 'sending') return;
		this.#forget(key);
		this.returned = item;
	}

	retry(key: string): void {
		this.#change(key, { status: 'sending', problem: null, tries: 0 });
		void this.#post(key);
	}

	/** The page goes away: what waits goes now, by requests that outlive the page. */
	flush(): void {
		for (const item of this.items) if (item.status === 'held') void this.#post(item.key, true);
	}

	/** Once the server's own copy is on the screen, ours goes. */
	settle(keys: ReadonlySet<string>): void {
		for (const item of this.items) if (keys.has(item.key)) this.#forget(item.key);
	}

	#later(key: string, milliseconds: number): void {
		this.#timers.set(
			key,
			setTimeout(() => void this.#post(key), milliseconds)
		);
	}

	async #post(key: string, keepalive = false): Promise<void> {
		clearTimeout(this.#timers.get(key));
		const item = this.items.find((one) => one.key === key);
		if (!item) return;
		this.#change(key, { status: 'sending', problem: null, tries: item.tries + 1 });
		const body: NewMessage = { client_key: key, body: item.body, format: 'markdown', visibility: item.visibility };
		if (item.attachments.length > 0) body.attachment_ids = item.attachments.map((attachment) => attachment.id);
		if (item.mentions.length > 0) body.mentions = item.mentions;
		if (item.close) body.close = true;
		if (item.addressing) body.addressing = item.addressing;
		this.#underWay.set(key, item);
		try {
			const message = await api.conversations.send(item.conversation, body, { keepalive });
			desk.takeMessage(message);
			if (!keepalive) this.#remember(message.id, item);
			this.#forget(key);
			this.#underWay.delete(key);
			if (this.#unwanted.delete(key)) await this.undo(message.id);
			else if (!keepalive) void proposed.look(message);
			if (desk.link !== 'open') await desk.refreshRow(item.conversation).catch(() => undefined);
		} catch (error) {
			const problem = asProblem(error);
			this.#underWay.delete(key);
			if (problem.temporary && item.tries + 1 < MOST_TRIES) {
				this.#change(key, { problem, tries: item.tries + 1 });
				this.#later(key, Math.min(30_000, 1000 * 2 ** item.tries));
			} else {
				this.#unwanted.delete(key);
				this.#change(key, { status: 'failed', problem });
			}
		}
	}

	/** Takes back what has gone: the message disappears on both sides and its text returns to the composer. */
	async undo(message: Id): Promise<void> {
		const written = this.recent.get(message);
		if (!written) return;
		this.#forgetRecent(message);
		try {
			const removed = await api.conversations.removeMessage(written.conversation, message);
			desk.takeMessage(removed);
			proposed.forget(removed);
			this.returned = written;
		} catch (error) {
			toasts.problem(error);
		}
	}

	undoNewest(conversation: Id | null): boolean {
		const held = this.items.findLast((item) => item.conversation === conversation && item.status === 'held');
		if (held) {
			this.takeBack(held.key);
			return true;
		}
		const underWay = [...this.#underWay.values()].findLast((item) => item.conversation === conversation && !this.#unwanted.has(item.key));
		if (underWay) {
			this.#unwanted.add(underWay.key);
			return true;
		}
		const newest = [...this.recent].findLast(([, written]) => written.conversation === conversation);
		if (!newest) return false;
		void this.undo(newest[0]);
		return true;
	}

	#remember(message: Id, written: Written): void {
		this.recent = new Map(this.recent).set(message, written);
		setTimeout(() => this.#forgetRecent(message), UNDO_MS);
	}

	#forgetRecent(message: Id): void {
		const recent = new Map(this.recent);
		recent.delete(message);
		this.recent = recent;
	}

	#offerReopen(conversation: Id): void {
		toasts.show(t('done.closed_one'), {
			action: { label: t('action.undo'), run: () => void api.conversations.reopen(conversation).then(() => desk.refreshRow(conversation)).catch((error: unknown) => toasts.problem(error)) },
			milliseconds: UNDO_MS
		});
	}

	#change(key: string, change: Partial<Outgoing>): void {
		this.items = this.items.map((item) => (item.key === key ? { ...item, ...change } : item));
	}

	#forget(key: string): void {
		clearTimeout(this.#timers.get(key));
		this.#timers.delete(key);
		this.items = this.items.filter((item) => item.key !== key);
	}
}

export const outbox = new Outbox();
