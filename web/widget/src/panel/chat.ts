import { type Config, readConfig } from '../shared/config';
import { type Locale, pickLocale } from '../shared/locale';
import type { Claimed, ToPanel } from '../shared/protocol';
import { Api } from './api';
import type { Bridge } from './bridge';
import { Link } from './connection';
import { serialise, storedAs, revive } from './outbox';
import { Problem } from './problem';
import { Sender } from './sender';
import { type Action, currentThread, empty, lastSeq, reduce, type State, unread } from './state';
import { type Article, type Attachment, type Conversation, type Message, readMessages, record } from './types';
import { Visitor } from './visitor';

const TYPING_EVERY_MS = 3_000;
const CONFIG_FRESH_MS = 60_000;
/** The most that a socket sends to catch up; beyond it the rest is asked for. */
const CATCH_UP = 100;

/** What the chat tells the screen. */
export interface Screen {
	render(state: State): void;
	/** A name and the text of an incoming message, for the company's page. */
	summary(message: Message): { author: string; text: string };
	locale(): Locale;
}

/** The chat behind the screen: what is known, and everything that can be done. */
export class Chat {
	readonly #bridge: Bridge;
	readonly #screen: Screen;
	state: State = empty;
	readonly visitor: Visitor;
	readonly #api: Api;
	readonly #link: Link;
	readonly #sender: Sender;
	readonly #tabs: BroadcastChannel | null;
	#stored: Record<string, string> = {};
	#configAt = Number.NEGATIVE_INFINITY;
	#typedAt = Number.NEGATIVE_INFINITY;
	#told = 0;
	#older: Conversation[] | null = null;
	#loading = false;
	#drawn = false;
	/** Whether older messages may exist that are not loaded. */
	earlier = false;

	constructor(
		key: string,
		bridge: Bridge,
		screen: Screen
	) {
		this.#bridge = bridge;
		this.#screen = screen;
		this.#api = new Api(key, () => this.visitor.token);
		this.visitor = new Visitor(this.#api, {
			keep: (name, value) => this.keep(name, value),
			kept: (name) => this.kept(name),
			error: (code) => bridge.tell({ type: 'error', code }),
			locale: () => screen.locale(),
			arrived: (conversation) => conversation && this.#began(conversation),
			changed: () => this.#strange()
		});
		this.#link = new Link(`ennakoi.${key}`, () => this.visitor.token, () => this.state, {
			condition: (connection) => {
				this.dispatch({ type: 'connection', connection });
				if (connection === 'live' || connection === 'polling') this.#sender.hurry();
			},
			welcome: (conversation, items) => void this.#welcome(conversation, items),
			messages: (conversation, items) => this.#receive(conversation, items),
			conversation: (conversation) => this.dispatch({ type: 'conversation', conversation }),
			typing: (author, on) => this.dispatch({ type: 'typing', author, on, now: Date.now() }),
			acknowledged: (...given) => this.#sender.acknowledged(...given),
			refused: (clientKey, problem) => (clientKey ? this.#sender.refused(clientKey, problem) : problem.stranger && this.visitor.lost()),
			poll: () => this.#poll()
		});
		this.#sender = new Sender(this.#api, this.#link, `ennakoi.${key}`, {
			state: () => this.state,
			dispatch: (action) => this.dispatch(action),
			ready: () => this.visitor.ensure(),
			sent: ({ conversation_id, message }) => this.#acknowledge(conversation_id, message),
			stranger: () => this.visitor.lost()
		});
		this.#tabs = 'BroadcastChannel' in self ? new BroadcastChannel(`ennakoi.${key}`) : null;
		this.#tabs?.addEventListener('message', (event) => this.#hearTab(event.data));
		document.addEventListener('visibilitychange', () => this.look());
		for (const name of ['online', 'offline'] as const) {
			addEventListener(name, () => !this.visitor.token && this.dispatch({ type: 'connection', connection: name === 'online' ? 'idle' : 'offline' }));
		}
		setInterval(() => this.dispatch({ type: 'tick', now: Date.now() }), 1_000);
	}

	dispatch(action: Action): void {
		const before = this.state;
		this.state = reduce(before, action);
		if (this.state === before) return;
		const count = unread(this.state);
		if (count !== this.#told) this.#bridge.tell({ type: 'unread', count: (this.#told = count) });
		if (this.#drawn) return;
		this.#drawn = true;
		queueMicrotask(() => {
			this.#drawn = false;
			this.#screen.render(this.state);
		});
	}

	/** Keeps something in the storage of the company's page. */
	keep(name: string, value: string | null): void {
		if ((this.#stored[name] ?? null) === value) return;
		if (value === null) delete this.#stored[name];
		else this.#stored[name] = value;
		this.#bridge.tell({ type: 'store', name, value });
	}

	kept(name: string): string | null {
		return this.#stored[name] ?? null;
	}

	begin(init: Extract<ToPanel, { type: 'init' }>): void {
		this.#stored = Object.fromEntries(Object.entries(init.stored).filter(([, value]) => typeof value === 'string'));
		this.visitor.token = this.kept('token');
		this.visitor.page = init.page;
		if (init.config) this.#configured(init.config);
		if (init.identity) void this.visitor.identify(init.identity);
		if (init.claimed) void this.visitor.claim(init.claimed);
		this.visitor.track(init.events);
		for (const [name, value] of Object.entries(this.#stored)) this.#revive(name, value);
		// A conversation goes on: follow it also while closed.
		if (this.visitor.token && this.kept('talk')) this.#link.start();
		this.#sender.hurry();
	}

	hear(message: ToPanel): void {
		switch (message.type) {
			case 'open':
				return void this.#opened();
			case 'closed':
				return this.dispatch({ type: 'open', open: false });
			case 'identify':
				return void this.visitor.identify(message.token);
			case 'update':
				return void this.visitor.claim(message.claimed);
			case 'events':
				return this.visitor.track(message.events);
			case 'stored':
				return this.#storedElsewhere(message.name, message.value);
			case 'shutdown':
				return void this.#end();
		}
	}

	async #opened(): Promise<void> {
		this.dispatch({ type: 'open', open: true });
		this.look();
		if (performance.now() - this.#configAt > CONFIG_FRESH_MS) void this.refresh();
		try {
			const known = this.visitor.token !== null;
			await this.visitor.ensure();
			if (known || this.state.conversation) this.#link.start();
			if (known) await this.#findOlder();
		} catch {
			// The net is away; the first message asks again, and the screen says that there is no connection.
			if (!navigator.onLine) this.dispatch({ type: 'connection', connection: 'offline' });
		}
	}

	async #end(): Promise<void> {
		this.#link.stop();
		await this.visitor.leave();
		this.#bridge.tell({ type: 'ended' });
	}

	#configured(raw: unknown): void {
		this.#configAt = performance.now();
		this.dispatch({ type: 'config', config: readConfig(raw) });
	}

	/** Asks anew how things stand: opening hours pass, languages change. */
	async refresh(): Promise<void> {
		try {
			const config = await this.#api.config(this.#screen.locale());
			this.#configured(config);
			this.#bridge.tell({ type: 'config', config });
		} catch (error) {
			this.#bridge.tell({ type: 'error', code: error instanceof Problem ? error.code : 'unknown' });
		}
	}

	#began(conversation: Conversation): void {
		this.dispatch({ type: 'conversation', conversation });
		this.#link.start();
	}

	/** Somebody else, or nobody: what was shown goes away, unsent words stay. */
	#strange(): void {
		const { pending } = this.state;
		this.#older = null;
		this.earlier = false;
		this.keep('talk', null);
		this.dispatch({ type: 'forget' });
		for (const message of pending) this.dispatch({ type: 'pending', message: { ...message, state: 'waiting' } });
		if (this.visitor.token) this.#link.restart();
		else this.#link.stop();
	}

	#revive(name: string, value: string): void {
		const message = revive(name, value);
		if (message) this.dispatch({ type: 'pending', message });
	}

	/** Another tab of the same site has written to the storage. */
	#storedElsewhere(name: string, value: string | null): void {
		if (value === null) delete this.#stored[name];
		else this.#stored[name] = value;
		if (name === 'token' && (value === null || !this.state.conversation)) this.visitor.adopt(value);
		if (!name.startsWith('out.')) return;
		if (value === null) return this.dispatch({ type: 'unsend', client_key: name.slice(4) });
		this.#revive(name, value);
		this.#sender.hurry();
	}

	#hearTab(data: unknown): void {
		const message = record(data);
		// Another tab may be of another visitor for a moment, while a sign-out goes round.
		if (!message || message.token !== this.visitor.token) return;
		if (message.conversation !== this.state.conversation?.id) {
			// A conversation that was begun in the other tab: this one goes on with it too.
			if (message.kind === 'messages') this.#link.restart();
			return;
		}
		if (message.kind === 'messages') this.#receive(String(message.conversation), readMessages(message.items), false);
		if (message.kind === 'seen' && typeof message.seq === 'number') this.dispatch({ type: 'seen', seq: message.seq });
	}

	async #welcome(conversation: Conversation | null, items: Message[]): Promise<void> {
		const { conversation: held } = this.state;
		// A first message went by HTTP while the socket introduced itself: it must ask again, for that conversation.
		if (!conversation && held && this.#link.asked !== held.id) return this.#link.restart();
		const resumed = conversation !== null && conversation.id === this.state.conversation?.id && lastSeq(this.state) > 0;
		this.dispatch({ type: 'conversation', conversation });
		if (!conversation) return;
		if (resumed) this.#receive(conversation.id, items);
		else this.dispatch({ type: 'messages', conversation: conversation.id, items, complete: items.length < CATCH_UP });
		this.look();
		this.#remember();
		if (resumed && items.length >= CATCH_UP) await this.#catchUp(conversation.id);
	}

	/** Everything after the last message held, page by page. */
	async #catchUp(conversation: string): Promise<void> {
		for (let more = true; more; ) {
			const page = await this.#api.messages(conversation, { after_seq: lastSeq(this.state) });
			more = page.more && page.items.length > 0;
			this.#receive(conversation, page.items);
		}
	}

	/** What the socket would have told. */
	async #poll(): Promise<void> {
		try {
			const conversation = (await this.#api.conversations())[0];
			if (!conversation) return;
			const known = conversation.id === this.state.conversation?.id && lastSeq(this.state) > 0;
			this.dispatch({ type: 'conversation', conversation });
			if (known) return await this.#catchUp(conversation.id);
			const page = await this.#api.messages(conversation.id, {});
			this.dispatch({ type: 'messages', conversation: conversation.id, items: page.items, complete: !page.more });
			this.look();
		} catch (error) {
			if (error instanceof Problem && error.stranger) this.visitor.lost();
			throw error;
		}
	}

	/** New messages: shown, told to the company's page and to other tabs. */
	#receive(conversation: string, items: Message[], share = true): void {
		if (items.length === 0) return;
		const known = new Set(currentThread(this.state)?.messages.map((message) => message.seq));
		this.dispatch({ type: 'messages', conversation, items });
		for (const message of items) if (message.client_key) this.keep(storedAs(message.client_key), null);
		for (const message of items) {
			if (message.mine || message.kind === 'event' || known.has(message.seq)) continue;
			this.#bridge.tell({ type: 'message', ...this.#screen.summary(message) });
		}
		if (share) this.#tabs?.postMessage({ kind: 'messages', token: this.visitor.token, conversation, items });
		this.#remember();
		this.look();
	}

	#remember(): void {
		if (currentThread(this.state)?.messages.length) this.keep('talk', String(Math.floor(Date.now() / 3_600_000) * 3_600_000));
	}

	/** Marks as read what the visitor has before their eyes. */
	look(): void {
		const { conversation, open } = this.state;
		if (!conversation || !open || document.hidden) return;
		const seq = lastSeq(this.state);
		if (seq <= Math.max(this.state.seen, conversation.seen_seq)) return;
		this.dispatch({ type: 'seen', seq });
		this.#tabs?.postMessage({ kind: 'seen', token: this.visitor.token, conversation: conversation.id, seq });
		if (!this.#link.say({ type: 'seen', seq })) this.#api.seen(conversation.id, seq).catch(() => undefined /* said again with the next message */);
	}

	send(body: string, attachments: Attachment[] = [], option_key: string | null = null): void {
		const message = { client_key: crypto.randomUUID(), body, attachments, option_key, created_at: Date.now(), state: 'waiting', problem: null } as const;
		this.keep(storedAs(message.client_key), serialise(message));
		this.dispatch({ type: 'pending', message });
		this.#link.start();
		this.#sender.hurry();
	}

	retry(clientKey: string): void {
		this.dispatch({ type: 'sending', client_key: clientKey, state: 'waiting' });
		this.#sender.hurry();
	}

	discard(clientKey: string): void {
		this.keep(storedAs(clientKey), null);
		this.dispatch({ type: 'unsend', client_key: clientKey });
	}

	/** The server has the message. */
	#acknowledge(conversation: string, message: Message): void {
		const known = conversation === this.state.conversation?.id;
		if (message.client_key) this.keep(storedAs(message.client_key), null);
		if (!known) {
			// A first message has begun a conversation, or one that was closed long ago goes on in a new one.
			const begun: Conversation = {
				id: conversation, version: -1, state: 'open', owner: this.state.config?.bot ? 'bot' : 'nobody', agent: null, last_seq: message.seq, seen_seq: message.seq, agent_seen_seq: 0,
				queue_position: null, ask_rating: false, rating: null, solved: null, created_at: message.created_at
			};
			this.dispatch({ type: 'conversation', conversation: begun });
		}
		// Not its first words, and what stands before is not loaded: the socket brings all of it, this message included.
		if (message.seq > 1 && lastSeq(this.state) === 0) return this.#link.restart();
		this.#receive(conversation, [message]);
		this.#link.attend(conversation);
	}

	/** The visitor is writing: said at most every three seconds. */
	typing(): void {
		this.#link.start();
		const now = performance.now();
		if (!this.state.conversation || now - this.#typedAt < TYPING_EVERY_MS) return;
		if (this.#link.say({ type: 'typing', on: true })) this.#typedAt = now;
	}

	stoppedTyping(): void {
		if (this.#typedAt === Number.NEGATIVE_INFINITY) return;
		this.#typedAt = Number.NEGATIVE_INFINITY;
		this.#link.say({ type: 'typing', on: false });
	}

	/** "A person, please." */
	async person(): Promise<void> {
		await this.visitor.ensure();
		const conversation = await this.#api.person(this.state.conversation?.id ?? null);
		if (!conversation) return;
		const fresh = conversation.id !== this.state.conversation?.id;
		this.dispatch({ type: 'conversation', conversation });
		if (fresh) this.#link.restart();
	}

	async rate(given: { score?: number; solved?: boolean; comment?: string }): Promise<void> {
		const { conversation } = this.state;
		if (!conversation) return;
		const rated = await this.#api.rate(conversation.id, given);
		if (rated) this.dispatch({ type: 'conversation', conversation: rated });
	}

	async leaveDetails(details: Claimed): Promise<void> {
		const { conversation } = this.state;
		if (conversation) await this.#api.details(conversation.id, details);
	}

	async transcript(): Promise<{ url: string; text: string }> {
		return this.#api.transcript(this.state.conversation?.id ?? '');
	}

	async mailTranscript(email: string): Promise<void> {
		await this.#api.mailTranscript(this.state.conversation?.id ?? '', email);
	}

	articles(question: string, signal: AbortSignal): Promise<Article[]> {
		return this.#api.articles(question, this.#screen.locale(), signal);
	}

	async upload(file: File, progress: (share: number) => void, stop: AbortSignal): Promise<Attachment> {
		await this.visitor.ensure();
		return this.#api.upload(file, progress, stop);
	}

	async #findOlder(): Promise<void> {
		this.#older ??= await this.#api.conversations();
		this.#markEarlier();
	}

	/** The newest conversation that is older than all that is loaded. */
	#nextOlder(): Conversation | null {
		const { threads, conversation } = this.state;
		const loaded = new Set(threads.map((thread) => thread.id));
		const before = conversation?.created_at ?? Number.POSITIVE_INFINITY;
		return this.#older?.find((found) => !loaded.has(found.id) && found.created_at < before) ?? null;
	}

	#markEarlier(): void {
		const first = this.state.threads[0];
		this.earlier = first !== undefined && ((!first.complete && first.messages.length > 0) || this.#nextOlder() !== null);
		this.#screen.render(this.state);
	}

	/** Loads one page of what came before; conversations before this one follow when its beginning is reached. */
	async loadEarlier(): Promise<void> {
		const first = this.state.threads[0];
		if (this.#loading || !first) return;
		this.#loading = true;
		try {
			const before = first.messages[0]?.seq;
			if (!first.complete && before !== undefined) {
				const page = await this.#api.messages(first.id, { before_seq: before });
				this.dispatch({ type: 'messages', conversation: first.id, items: page.items, complete: !page.more });
			} else {
				this.#older ??= await this.#api.conversations();
				const found = this.#nextOlder();
				if (found) {
					const page = await this.#api.messages(found.id, {});
					this.dispatch({ type: 'earlier', conversation: found.id, items: page.items, complete: !page.more });
				}
			}
			this.#markEarlier();
		} finally {
			this.#loading = false;
		}
	}

	/** The visitor has chosen a language. */
	chooseLocale(locale: Locale): void {
		void this.visitor.speak(locale);
		this.#bridge.tell({ type: 'locale', locale });
		void this.refresh();
	}

	get config(): Config | null {
		return this.state.config;
	}

	/** Languages to choose from: the company's, as far as we speak them. */
	get languages(): Locale[] {
		return (this.state.config?.languages ?? []).map((tag) => pickLocale([tag])).filter((tag) => tag !== null);
	}
}
