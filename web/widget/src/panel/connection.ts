import { delay } from './backoff';
import { readProblem, type Problem } from './problem';
import { type Connection as Condition, lastSeq, type State } from './state';
import { Tabs } from './tabs';
import { type AuthorKind, type Conversation, type Message, readConversation, readMessage, readMessages, record } from './types';

/** What comes in over the socket. */
export interface Heard {
	condition(condition: Condition): void;
	welcome(conversation: Conversation | null, messages: Message[]): void;
	messages(conversation: string, items: Message[]): void;
	conversation(conversation: Conversation): void;
	typing(author: { kind: AuthorKind; name: string }, on: boolean): void;
	acknowledged(clientKey: string, conversation: string, message: Message): void;
	refused(clientKey: string | null, problem: Problem): void;
	/** Asks over HTTP instead, because sockets do not get through. Rejects when that fails too. */
	poll(): Promise<void>;
}

/** A socket that has not been welcomed by then is given up (ms). */
const WELCOME_MS = 10_000;
/** Attempts at a socket before asking over HTTP instead. */
const ATTEMPTS = 2;
const POLL_MS = 4_000;
/** While nobody looks. */
const POLL_HIDDEN_MS = 30_000;
const TRY_AGAIN_MS = 60_000;
/** A silent socket is asked whether it is alive. */
const PING_MS = 30_000;

/**
 * Keeps the visitor's conversation up to date: by a socket, or by asking when sockets are blocked. However many tabs are open, one
 * has the socket, and the others speak and hear through it.
 */
export class Link {
	readonly #tabs: Tabs;
	readonly #token: () => string | null;
	readonly #state: () => State;
	readonly #heard: Heard;
	#socket: WebSocket | null = null;
	#attempt = 0;
	#failures = 0;
	#timer = 0;
	#pinger = 0;
	#welcomed = false;
	#answered = true;
	#stopped = true;
	#lastTry = 0;
	#condition: Condition = 'idle';
	/** The conversation that the present socket asked for. */
	asked: string | null = null;
	/** The conversation that the present socket hears. */
	#hears: string | null = null;

	constructor(
		name: string,
		token: () => string | null,
		state: () => State,
		heard: Heard
	) {
		this.#tabs = new Tabs(name, token, {
			leads: () => this.#again(),
			asked: () => this.#tabs.tell({ condition: this.#condition }),
			told: (condition) => void this.#follow(condition),
			frame: (text) => this.#hear(text),
			say: (frame) => this.say(frame)
		});
		this.#token = token;
		this.#state = state;
		this.#heard = heard;
		addEventListener('online', () => !this.#stopped && this.#again());
		addEventListener('offline', () => !this.#stopped && this.#lost());
		document.addEventListener('visibilitychange', () => !document.hidden && !this.#stopped && !this.#welcomed && this.#again());
	}

	get live(): boolean {
		return this.#tabs.leading ? this.#welcomed && this.#socket?.readyState === WebSocket.OPEN : this.#condition === 'live';
	}

	/** Tells the screen, and the tabs that hear through this one. */
	#tell(condition: Condition): void {
		this.#condition = condition;
		this.#heard.condition(condition);
		if (this.#tabs.leading) this.#tabs.tell({ condition });
	}

	/** The tab that has the socket says how it stands; what was missed is asked for. */
	async #follow(condition: Condition): Promise<void> {
		if (this.#stopped || this.#tabs.leading) return;
		clearTimeout(this.#timer);
		if (condition === 'polling') return this.#ask();
		if (condition === 'live' && this.#condition !== 'live') await this.#heard.poll().catch(() => undefined /* what comes next brings it */);
		if (!this.#stopped && !this.#tabs.leading) this.#tell(condition === 'idle' ? 'connecting' : condition);
	}

	/** Begins to listen; without a visitor there is nothing to listen to yet. */
	start(): void {
		if (!this.#stopped || !this.#token()) return;
		this.#stopped = false;
		this.#tabs.enter();
	}

	/** Sees to it that this conversation is heard: one that was begun over HTTP is unknown to a socket that was welcomed before it. */
	attend(conversation: string): void {
		this.start();
		if (this.#tabs.leading && this.live && this.#hears !== conversation) this.restart();
	}

	stop(): void {
		this.#stopped = true;
		this.#drop();
		this.#tell('idle');
		this.#tabs.leave();
	}

	/** Connects anew, e.g. because the visitor is somebody else now. */
	restart(): void {
		if (this.#stopped) return this.start();
		this.#drop();
		this.#failures = 0;
		this.#condition = 'connecting';
		this.#again();
	}

	say(frame: object): boolean {
		if (!this.live) return false;
		if (!this.#tabs.leading) this.#tabs.tell({ say: frame });
		this.#socket?.send(JSON.stringify(frame));
		return true;
	}

	#drop(): void {
		clearTimeout(this.#timer);
		clearInterval(this.#pinger);
		const socket = this.#socket;
		this.#socket = null;
		this.#welcomed = false;
		socket?.close();
	}

	#again(): void {
		this.#attempt = 0;
		clearTimeout(this.#timer);
		if (!this.#tabs.leading) return this.#tabs.tell({ ask: true });
		if (!this.live) this.#connect();
	}

	#connect(): void {
		const token = this.#token();
		if (this.#stopped || !token) return;
		this.#drop();
		if (!navigator.onLine) return this.#lost();
		if (this.#failures < ATTEMPTS) this.#tell('connecting');
		this.#lastTry = performance.now();
		const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/widget/v1/live`);
		this.#socket = socket;
		const patience = setTimeout(() => socket.close(), WELCOME_MS);
		socket.onopen = () => {
			this.asked = this.#state().conversation?.id ?? null;
			socket.send(JSON.stringify({ type: 'hello', token, conversation: this.asked, last_seq: lastSeq(this.#state()) }));
		};
		socket.onmessage = (event) => {
			if (this.#socket !== socket) return;
			this.#answered = true;
			clearTimeout(patience);
			this.#hear(String(event.data));
			this.#tabs.tell({ frame: String(event.data) });
		};
		socket.onclose = () => {
			clearTimeout(patience);
			if (this.#socket !== socket) return;
			if (!this.#welcomed) this.#failures += 1;
			this.#lost();
		};
	}

	#lost(): void {
		this.#drop();
		if (this.#stopped || !this.#tabs.leading) return;
		if (this.#failures >= ATTEMPTS && navigator.onLine) return void this.#ask();
		// A short break that the next attempt mends is not worth a word.
		this.#tell(this.#attempt === 0 && navigator.onLine ? 'connecting' : 'offline');
		this.#timer = window.setTimeout(() => this.#connect(), delay(this.#attempt, Math.random()));
		this.#attempt += 1;
	}

	/** HTTP in place of the socket; tries the socket again every minute. */
	async #ask(): Promise<void> {
		try {
			await this.#heard.poll();
			if (this.#stopped || this.#socket) return;
			this.#attempt = 0;
			this.#tell('polling');
			const retry = this.#tabs.leading && performance.now() - this.#lastTry > TRY_AGAIN_MS;
			this.#timer = window.setTimeout(() => (retry ? this.#connect() : void this.#ask()), document.hidden ? POLL_HIDDEN_MS : POLL_MS);
		} catch {
			if (this.#stopped || this.#socket) return;
			// Not the socket alone: the server is away.
			this.#failures = 0;
			this.#lost();
		}
	}

	#hear(text: string): void {
		let frame: Record<string, unknown> | null = null;
		try {
			frame = record(JSON.parse(text));
		} catch {
			return;
		}
		switch (frame?.type) {
			case 'welcome': {
				this.#greeted();
				const conversation = readConversation(frame.conversation);
				this.#hears = conversation?.id ?? null;
				this.#heard.welcome(conversation, readMessages(frame.messages));
				return this.#tell('live');
			}
			case 'messages':
				return typeof frame.conversation_id === 'string' ? this.#heard.messages(frame.conversation_id, readMessages(frame.items)) : undefined;
			case 'conversation': {
				const conversation = readConversation(frame);
				return conversation ? this.#heard.conversation(conversation) : undefined;
			}
			case 'typing': {
				const author = record(frame.author);
				const kind = author?.kind === 'bot' || author?.kind === 'staff' ? author.kind : null;
				return kind ? this.#heard.typing({ kind, name: String(author?.name ?? '') }, frame.on !== false) : undefined;
			}
			case 'ack': {
				const message = readMessage(frame.message);
				if (this.#tabs.leading) this.#hears = String(frame.conversation_id);
				return message && typeof frame.conversation_id === 'string' ? this.#heard.acknowledged(String(frame.client_key), frame.conversation_id, message) : undefined;
			}
			case 'refused':
				return this.#heard.refused(typeof frame.client_key === 'string' ? frame.client_key : null, readProblem(400, frame.problem));
		}
	}

	#greeted(): void {
		this.#welcomed = true;
		this.#answered = true;
		this.#attempt = 0;
		this.#failures = 0;
		this.#pinger = window.setInterval(() => {
			// A connection can be dead without anybody having been told.
			if (!this.#answered) return this.#lost();
			this.#answered = false;
			this.say({ type: 'ping' });
		}, PING_MS);
	}
}
