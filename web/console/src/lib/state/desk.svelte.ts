/** What the desk knows, live. Reducers do the arithmetic; this class loads, listens and tells. */
import {
	api,
	Problem,
	type Author,
	type Changes,
	type Conversation,
	type ConversationQuery,
	type ConversationRow,
	type Counts,
	type Filter,
	type Id,
	type Message,
	type Presence,
	type ServerFrame,
	type Sort
} from '$lib/api';
import {
	applyChanges,
	compareRows,
	createLive,
	emptyDesk,
	inView,
	markSeen,
	matchesFilter,
	reconcileList,
	rowOf,
	upsertConversations,
	upsertMessages,
	type Link,
	type Live,
	type SocketLike
} from '@ennakoi/realtime';
import { simpleQuery } from '$lib/inbox/filters';
import { catalogue } from './catalogue.svelte';
import { context } from './context';
import { session } from './session.svelte';

const PAGE = 60;
const MESSAGES = 60;
const TYPING_MS = 6_000;
const COUNTS_MS = 400;

export type ListQuery = { view: string; filter: Filter | null; sort: Sort; order: 'asc' | 'desc' };
export type ListState = { query: ListQuery; ids: readonly Id[]; cursor: string | null; loading: boolean; problem: unknown };
/** What only the detailed answer tells about an opened conversation. */
export type Detail = Pick<Conversation, 'contact_seen_seq' | 'routing' | 'draft' | 'scheduled' | 'earlier'>;

class Desk {
	state = $state.raw(emptyDesk);
	counts = $state.raw<Counts | null>(null);
	list = $state.raw<ListState>({ query: { view: '', filter: null, sort: 'activity', order: 'desc' }, ids: [], cursor: null, loading: true, problem: null });
	details = $state.raw<ReadonlyMap<Id, Detail>>(new Map());
	presence = $state.raw<ReadonlyMap<Id, readonly Presence[]>>(new Map());
	typing = $state.raw<ReadonlyMap<Id, readonly { author: Author; until: number }[]>>(new Map());
	more = $state.raw<ReadonlyMap<Id, boolean>>(new Map());
	link = $state<Link>('connecting');
	/** Raised when what this person is told has changed, and when something of it may have been missed. */
	noticed = $state(0);
	/** The conversation that stands open beside the list. */
	open = $state<Id | null>(null);
	#live: Live | null = null;
	#countsTimer: ReturnType<typeof setTimeout> | undefined;
	#listeners = new Set<(changes: Changes) => void>();
	#listRequest: AbortController | null = null;

	readonly rows = $derived(this.list.ids.map((id) => this.state.conversations.get(id)).filter((row) => row !== undefined));

	start(): () => void {
		this.#live = createLive({
			open: () => {
				const url = new URL(`/api/v1/live?workspace=${context.workspace ?? ''}`, location.href);
				url.protocol = url.protocol.replace('http', 'ws');
				return new WebSocket(url) as unknown as SocketLike;
			},
			lastSeq: () => this.state.seq,
			onFrame: (frame) => this.#take(frame),
			onLink: (link) => (this.link = link)
		});
		this.#live.start();
		void this.loadCounts();
		const nudge = () => this.#live?.nudge();
		addEventListener('online', nudge);
		document.addEventListener('visibilitychange', nudge);
		return () => {
			removeEventListener('online', nudge);
			document.removeEventListener('visibilitychange', nudge);
			this.#live?.stop();
			this.#live = null;
		};
	}

	/** Hears of every change once it is on the screen; returns the way to stop. */
	onChanges(listener: (changes: Changes) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	// ---- the list ------------------------------------------------------------------------------------------------
	async openList(query: ListQuery): Promise<void> {
		const same = JSON.stringify(query) === JSON.stringify(this.list.query);
		if (same && this.list.problem === null && this.list.ids.length > 0) return;
		this.list = { query, ids: [], cursor: null, loading: true, problem: null };
		await this.#loadList(null);
	}

	async refreshList(): Promise<void> {
		await this.#loadList(null);
	}

	async loadMore(): Promise<void> {
		if (this.list.loading || this.list.cursor === null) return;
		this.list = { ...this.list, loading: true };
		await this.#loadList(this.list.cursor);
	}

	async #loadList(cursor: string | null): Promise<void> {
		const query = this.list.query;
		if (query.view === '') return;
		if (cursor === null) this.#listRequest?.abort();
		const request = new AbortController();
		this.#listRequest = request;
		const asked: ConversationQuery = { ...simpleQuery(query.filter), view: query.view, sort: query.sort, order: query.order, limit: PAGE };
		if (cursor) asked.cursor = cursor;
		try {
			const page = await api.conversations.list(asked, { signal: request.signal });
			this.state = upsertConversations(this.state, page.items);
			const before = cursor ? this.list.ids : [];
			const ids = [...new Set([...before, ...page.items.map((row) => row.id)])];
			this.list = { query, ids, cursor: page.next_cursor, loading: false, problem: null };
		} catch (problem) {
			if (request.signal.aborted) return;
			this.list = { ...this.list, loading: false, problem };
		}
	}

	/** Lets changed rows come, go and move in the open list. */
	#reconcile(changed: Iterable<Id>): void {
		const { query } = this.list;
		const me = session.me.id;
		const view = catalogue.views.find((one) => one.id === query.view);
		const ids = reconcileList(this.list.ids, changed, this.state.conversations, {
			belongs: (row) => {
				if (query.sort === 'waiting' && row.waiting_since === null) return false;
				if (query.sort === 'due' && row.clock === null) return false;
				if (query.sort === 'promised' && row.promise_due_at === null) return false;
				const inside = view ? matchesFilter(view.filter, row, me) : inView(query.view, row, me);
				if (inside === false || query.filter === null) return inside;
				const kept = matchesFilter(query.filter, row, me);
				return kept === false ? false : inside === null || kept === null ? null : true;
			},
			compare: compareRows(query.sort, query.order),
			hasMore: this.list.cursor !== null,
			keep: this.open
		});
		if (ids !== this.list.ids) this.list = { ...this.list, ids };
	}

	async loadCounts(): Promise<void> {
		try {
			this.counts = await api.conversations.counts();
		} catch {
			// The tabs go without numbers until the next change brings new ones.
		}
	}

	#countsSoon(): void {
		clearTimeout(this.#countsTimer);
		this.#countsTimer = setTimeout(() => void this.loadCounts(), COUNTS_MS);
	}

	// ---- one conversation ----------------------------------------------------------------------------------------
	async openConversation(id: Id): Promise<void> {
		const left = this.open;
		this.open = id;
		if (left && left !== id) this.#reconcile([left]);
		this.#live?.send({ type: 'focus', conversation: id });
		const known = this.state.messages.get(id);
		const after = known?.at(-1)?.seq;
		const [conversation, messages] = await Promise.all([
			api.conversations.get(id),
			api.conversations.messages(id, after === undefined ? { limit: MESSAGES } : { after_seq: after, limit: 200 })
		]);
		this.takeConversation(conversation);
		this.#takeMessages(id, messages.items);
		if (after === undefined) this.more = new Map(this.more).set(id, messages.has_more);
		else if (messages.has_more) await this.#reload(id);
	}

	leaveConversation(): void {
		const left = this.open;
		this.open = null;
		if (!left) return;
		this.#live?.send({ type: 'focus', conversation: null });
		this.#reconcile([left]);
	}

	takeConversation(conversation: Conversation): void {
		this.takeRow(rowOf(conversation));
		const { contact_seen_seq, routing, draft, scheduled, earlier } = conversation;
		this.details = new Map(this.details).set(conversation.id, { contact_seen_seq, routing, draft, scheduled, earlier });
		this.presence = new Map(this.presence).set(conversation.id, conversation.presence ?? []);
	}

	takeRow(row: ConversationRow): void {
		this.state = upsertConversations(this.state, [row]);
		this.#reconcile([row.id]);
	}

	#takeMessages(id: Id, messages: readonly Message[]): void {
		this.state = upsertMessages(this.state, id, messages);
	}

	takeMessage(message: Message): void {
		if (this.state.messages.has(message.conversation_id)) this.#takeMessages(message.conversation_id, [message]);
		this.markSeen(message.conversation_id, message.seq, false);
	}

	async loadOlder(id: Id): Promise<void> {
		const first = this.state.messages.get(id)?.[0]?.seq;
		if (first === undefined || !this.more.get(id)) return;
		const page = await api.conversations.messages(id, { before_seq: first, limit: MESSAGES });
		this.#takeMessages(id, page.items);
		this.more = new Map(this.more).set(id, page.has_more);
	}

	/** Starts a conversation over from its newest messages, when too much was missed to catch up. */
	async #reload(id: Id): Promise<void> {
		const page = await api.conversations.messages(id, { limit: MESSAGES });
		const messages = new Map(this.state.messages).set(id, page.items);
		this.state = { ...this.state, messages };
		this.more = new Map(this.more).set(id, page.has_more);
	}

	/** Reads the row again: after an action while the live line is down. */
	async refreshRow(id: Id): Promise<void> {
		this.takeConversation(await api.conversations.get(id));
	}

	markSeen(id: Id, seq: number, tell = true): void {
		const next = markSeen(this.state, id, seq);
		if (next === this.state) return;
		this.state = next;
		if (tell) void api.conversations.seen(id, seq).then(() => (this.noticed += 1)).catch(() => undefined);
	}

	/** Changes rows on the screen at once; the returned function puts them back if the server refused. */
	patchRows(ids: readonly Id[], change: (row: ConversationRow) => Partial<ConversationRow>): () => void {
		const before = new Map<Id, ConversationRow>();
		const conversations = new Map(this.state.conversations);
		for (const id of ids) {
			const row = conversations.get(id);
			if (!row) continue;
			before.set(id, row);
			conversations.set(id, { ...row, ...change(row) });
		}
		this.state = { ...this.state, conversations };
		this.#reconcile(ids);
		return () => {
			const restored = new Map(this.state.conversations);
			for (const [id, row] of before) if (restored.get(id)?.version === row.version) restored.set(id, row);
			this.state = { ...this.state, conversations: restored };
			this.#reconcile(ids);
		};
	}

	setDraft(id: Id, mode: 'reply' | 'note', draft: Detail['draft']['reply']): void {
		const detail = this.details.get(id);
		if (detail) this.details = new Map(this.details).set(id, { ...detail, draft: { ...detail.draft, [mode]: draft } });
	}

	/** Reads again which answers wait for their moment. */
	async refreshScheduled(id: Id): Promise<void> {
		try {
			const scheduled = await api.conversations.scheduled(id);
			const detail = this.details.get(id);
			if (detail) this.details = new Map(this.details).set(id, { ...detail, scheduled });
		} catch {
			// The next change brings it.
		}
	}

	/** Answers that came, went or were held: one of them may be the message that has just been added. */
	#scheduledMoved(changes: Changes): void {
		const moved = new Set<Id>();
		for (const { kind, conversation } of changes.events) {
			if (!conversation || !this.details.has(conversation)) continue;
			const leaves = kind === 'message.added' && (this.details.get(conversation)?.scheduled.length ?? 0) > 0;
			if (kind.startsWith('answer.') || leaves || kind === 'conversation.merged') moved.add(conversation);
		}
		for (const id of moved) void this.refreshScheduled(id);
	}

	sayTyping(id: Id, visibility: 'public' | 'private', on: boolean): void {
		this.#live?.send({ type: 'typing', conversation: id, visibility, on });
	}

	// ---- the live line -------------------------------------------------------------------------------------------
	#take(frame: ServerFrame): void {
		switch (frame.type) {
			case 'welcome':
				this.#welcome(frame.seq, frame.resumed);
				break;
			case 'changes':
				this.#changes(frame);
				break;
			case 'presence':
				this.presence = new Map(this.presence).set(frame.conversation, frame.people);
				break;
			case 'typing':
				this.#typed(frame.conversation, frame.author, frame.on);
				break;
			case 'notices':
				this.noticed += 1;
				break;
			case 'staff':
				catalogue.staff = catalogue.staff.map((member) => (member.id === frame.id ? { ...member, availability: frame.availability } : member));
				break;
		}
	}

	#welcome(seq: number, resumed: boolean): void {
		this.noticed += 1;
		if (this.open) this.#live?.send({ type: 'focus', conversation: this.open });
		if (resumed) return;
		const first = this.state.seq === null;
		const open = this.open;
		const kept = new Map([...this.state.messages].filter(([id]) => id === open));
		this.state = { ...this.state, seq, messages: kept };
		if (first) return;
		// Too far behind to catch up change by change: read again what is on the screen.
		void this.refreshList();
		void this.loadCounts();
		if (open) void this.#reload(open).then(() => this.refreshRow(open)).catch(() => undefined);
	}

	#changes(changes: Changes): void {
		this.state = applyChanges(this.state, changes);
		this.#reconcile(changes.conversations.map((row) => row.id));
		for (const message of changes.messages) this.#typed(message.conversation_id, message.author, false);
		for (const event of changes.events) {
			if (event.kind === 'conversation.contact_seen' && event.conversation && this.details.has(event.conversation)) {
				void api.conversations.get(event.conversation).then((conversation) => this.takeConversation(conversation)).catch(() => undefined);
			}
		}
		this.#scheduledMoved(changes);
		for (const listener of this.#listeners) listener(changes);
		if (changes.counts) this.counts = changes.counts;
		else if (changes.conversations.length > 0) this.#countsSoon();
	}

	#typed(id: Id, author: Author, on: boolean): void {
		const others = (this.typing.get(id) ?? []).filter((one) => one.author.id !== author.id && one.until > Date.now());
		const next = on && author.id !== session.me.id ? [...others, { author, until: Date.now() + TYPING_MS }] : others;
		if (next.length === 0 && !this.typing.has(id)) return;
		this.typing = new Map(this.typing).set(id, next);
		if (on) setTimeout(() => this.#typed(id, { ...author, id: author.id ?? '' }, false), TYPING_MS + 50);
	}
}

export const desk = new Desk();
export const isGone = (problem: unknown): boolean => problem instanceof Problem && problem.status === 404;
