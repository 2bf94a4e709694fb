import type { Api, Sent } from './api';
import { delay } from './backoff';
import type { Link } from './connection';
import { next, type Pending } from './outbox';
import { Problem } from './problem';
import type { Action, State } from './state';
import type { Message } from './types';

/** An acknowledgement that does not come over the socket by then is sought over HTTP, under the same key (ms). */
const ACK_MS = 8_000;
/** Another tab is sending: look again (ms). */
const TURN_MS = 1_500;

/** What sending needs of the rest. */
export interface Post {
	state(): State;
	dispatch(action: Action): void;
	/** There is a visitor after this. */
	ready(): Promise<void>;
	sent(sent: Sent): void;
	stranger(): void;
}

/** Sends what waits, one at a time in the order written, until the server has it. */
export class Sender {
	readonly #api: Api;
	readonly #link: Link;
	readonly #name: string;
	readonly #post: Post;
	#busy = false;
	#attempt = 0;
	#timer = 0;
	readonly #waiting = new Map<string, (outcome: Sent | Problem) => void>();

	constructor(
		api: Api,
		link: Link,
		name: string,
		post: Post
	) {
		this.#api = api;
		this.#link = link;
		this.#name = name;
		this.#post = post;
		addEventListener('online', () => this.hurry());
	}

	/** Sends now, whatever pause was being kept. */
	hurry(): void {
		this.#attempt = 0;
		clearTimeout(this.#timer);
		void this.#flush();
	}

	acknowledged(clientKey: string, conversation: string, message: Message): void {
		this.#waiting.get(clientKey)?.({ conversation_id: conversation, message });
	}

	refused(clientKey: string, problem: Problem): void {
		this.#waiting.get(clientKey)?.(problem);
	}

	async #flush(): Promise<void> {
		if (this.#busy) return;
		this.#busy = true;
		try {
			for (let message = next(this.#post.state().pending); message; message = next(this.#post.state().pending)) {
				const wait = await this.#turn(message);
				if (wait === null) continue;
				this.#timer = window.setTimeout(() => void this.#flush(), wait);
				return;
			}
		} finally {
			this.#busy = false;
		}
	}

	/** One message, while no other tab sends. Returns after how long to go on (ms); null: at once. */
	async #turn(message: Pending): Promise<number | null> {
		if (!navigator.locks) return this.#send(message);
		return navigator.locks.request(this.#name, { ifAvailable: true }, async (lock) => (lock ? this.#send(message) : TURN_MS));
	}

	async #send(message: Pending): Promise<number | null> {
		const { client_key } = message;
		try {
			await this.#post.ready();
			this.#post.dispatch({ type: 'sending', client_key, state: 'sending' });
			this.#post.sent(await this.#deliver(message));
			this.#attempt = 0;
			return null;
		} catch (error) {
			const problem = error instanceof Problem ? error : new Problem(0, 'unknown');
			if (problem.stranger) this.#post.stranger();
			if (!problem.passing && !problem.stranger) {
				this.#post.dispatch({ type: 'sending', client_key, state: 'failed', problem: problem.code });
				return null;
			}
			this.#post.dispatch({ type: 'sending', client_key, state: 'waiting' });
			const wait = problem.retryAfter === null ? delay(this.#attempt, Math.random()) : problem.retryAfter * 1000;
			this.#attempt += 1;
			return wait;
		}
	}

	async #deliver({ client_key, body, attachments, option_key }: Pending): Promise<Sent> {
		const conversation_id = this.#post.state().conversation?.id ?? null;
		const parts = { client_key, conversation_id, body, attachment_ids: attachments.map((file) => file.id), option_key };
		if (this.#link.say({ type: 'message', ...parts })) {
			const outcome = await this.#acknowledgement(client_key);
			if (outcome instanceof Problem) throw outcome;
			if (outcome) return outcome;
		}
		return this.#api.send(parts);
	}

	/** Null when none came in time. */
	#acknowledgement(clientKey: string): Promise<Sent | Problem | null> {
		return new Promise((resolve) => {
			const done = (outcome: Sent | Problem | null): void => {
				clearTimeout(timer);
				this.#waiting.delete(clientKey);
				resolve(outcome);
			};
			const timer = setTimeout(() => done(null), ACK_MS);
			this.#waiting.set(clientKey, done);
		});
	}
}
