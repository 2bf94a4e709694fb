import type { Connection as Condition } from './state';
import { record } from './types';

/** What one tab tells the others. */
type Told = { ask: true } | { condition: Condition } | { frame: string } | { say: object };

interface Heard {
	/** This tab has the socket from now on. */
	leads(): void;
	/** Another tab wants to know how it stands. */
	asked(): void;
	told(condition: Condition): void;
	/** What came over the socket of the tab that leads. */
	frame(text: string): void;
	/** Another tab speaks through this one. */
	say(frame: object): void;
}

/** Only these concern a tab that did not ask: what a welcome holds is asked for, and messages go round by the chat itself. */
const PASSED = /"type":"(conversation|typing|ack|refused)"/;

/** The tabs of one browser that have the same chat. The one that holds the lock leads; when it goes, the next one does. */
export class Tabs {
	readonly #name: string;
	readonly #token: () => string | null;
	readonly #heard: Heard;
	readonly #channel: BroadcastChannel | null;
	#release: (() => void) | null = null;
	#waiting: AbortController | null = null;
	leading: boolean;

	constructor(name: string, token: () => string | null, heard: Heard) {
		this.#name = `${name}.line`;
		this.#token = token;
		this.#heard = heard;
		this.#channel = navigator.locks && 'BroadcastChannel' in self ? new BroadcastChannel(this.#name) : null;
		// Where tabs cannot hear of each other each has a socket of its own.
		this.leading = !this.#channel;
		this.#channel?.addEventListener('message', (event) => this.#hear(record(event.data)));
	}

	/** Waits for its turn to lead, and asks whoever leads now. */
	enter(): void {
		if (!this.#channel) return this.#heard.leads();
		if (this.#waiting) return;
		const waiting = new AbortController();
		this.#waiting = waiting;
		const lead = (): Promise<void> => {
			this.leading = true;
			this.#heard.leads();
			return new Promise((resolve) => (this.#release = resolve));
		};
		navigator.locks.request(this.#name, { signal: waiting.signal }, lead).catch(() => undefined /* left before its turn came */);
		this.tell({ ask: true });
	}

	leave(): void {
		if (!this.#channel) return;
		this.leading = false;
		this.#waiting?.abort();
		this.#release?.();
		this.#waiting = this.#release = null;
	}

	tell(told: Told): void {
		if ('frame' in told && !PASSED.test(told.frame)) return;
		// Another tab may be of another visitor for a moment, while a sign-out goes round.
		this.#channel?.postMessage({ token: this.#token(), ...told });
	}

	#hear(told: Record<string, unknown> | null): void {
		if (!told || !this.#waiting || told.token !== this.#token()) return;
		if (this.leading) {
			if (told.ask) this.#heard.asked();
			if (record(told.say)) this.#heard.say(told.say as object);
		} else {
			if (typeof told.condition === 'string') this.#heard.told(told.condition as Condition);
			if (typeof told.frame === 'string') this.#heard.frame(told.frame);
		}
	}
}
