import type { Config } from '../shared/config';
import { order, type Pending } from './outbox';
import type { AuthorKind, Conversation, Message } from './types';

/** The messages of one conversation that are loaded, in order of `seq`. */
export interface Thread {
	id: string;
	messages: Message[];
	/** Whether its beginning is loaded. */
	complete: boolean;
}

export type Connection = 'idle' | 'connecting' | 'live' | 'polling' | 'offline';

/** Everything the panel shows follows from this and the clock. */
export interface State {
	config: Config | null;
	conversation: Conversation | null;
	/** Conversations, the oldest first; the last one is the current. */
	threads: Thread[];
	pending: Pending[];
	connection: Connection;
	/** Who types on the other side, until when (ms). */
	typing: { kind: AuthorKind; name: string; until: number } | null;
	/** How far the visitor has read, as known here before the server says so. */
	seen: number;
	open: boolean;
}

export const empty: State = { config: null, conversation: null, threads: [], pending: [], connection: 'idle', typing: null, seen: 0, open: false };

export type Action =
	| { type: 'config'; config: Config }
	/** `conversation` null: there is none. */
	| { type: 'conversation'; conversation: Conversation | null }
	| { type: 'messages'; conversation: string; items: Message[]; complete?: boolean }
	/** An earlier conversation, put above the others. */
	| { type: 'earlier'; conversation: string; items: Message[]; complete: boolean }
	| { type: 'pending'; message: Pending }
	| { type: 'unsend'; client_key: string }
	| { type: 'sending'; client_key: string; state: Pending['state']; problem?: string | null }
	| { type: 'connection'; connection: Connection }
	| { type: 'typing'; author: { kind: AuthorKind; name: string }; on: boolean; now: number }
	| { type: 'tick'; now: number }
	| { type: 'seen'; seq: number }
	| { type: 'open'; open: boolean }
	| { type: 'forget' };

/** How long "is writing" stands without being said again (ms). */
export const TYPING_MS = 6_000;

/** Joins loaded messages by `seq`, the order of the server; of the same message the later one counts. */
export function merge(held: readonly Message[], items: readonly Message[]): Message[] {
	const by = new Map(held.map((message) => [message.seq, message]));
	for (const item of items) by.set(item.seq, item);
	return [...by.values()].sort((a, b) => a.seq - b.seq);
}

export const currentThread = (state: State): Thread | null => state.threads.find((thread) => thread.id === state.conversation?.id) ?? null;

/** The highest `seq` from which on a socket is to resume; 0 when nothing is loaded. */
export const lastSeq = (state: State): number => currentThread(state)?.messages.at(-1)?.seq ?? 0;

/** What the visitor has not read of the current conversation. */
export function unread(state: State): number {
	const seen = Math.max(state.seen, state.conversation?.seen_seq ?? 0);
	return currentThread(state)?.messages.filter((message) => !message.mine && message.kind !== 'event' && message.seq > seen).length ?? 0;
}

/** Applies what happened; never changes its input. */
export function reduce(state: State, action: Action): State {
	switch (action.type) {
		case 'config':
			return { ...state, config: action.config };
		case 'conversation':
			return withConversation(state, action.conversation);
		case 'messages':
			return withMessages(state, action.conversation, action.items, action.complete);
		case 'earlier': {
			if (state.threads.some((thread) => thread.id === action.conversation)) return withMessages(state, action.conversation, action.items, action.complete);
			const thread = { id: action.conversation, messages: merge([], action.items), complete: action.complete };
			return { ...state, threads: [thread, ...state.threads] };
		}
		case 'pending':
			return { ...state, pending: order([...state.pending.filter((message) => message.client_key !== action.message.client_key), action.message]) };
		case 'unsend':
			return { ...state, pending: state.pending.filter((message) => message.client_key !== action.client_key) };
		case 'sending': {
			const { client_key, state: sending, problem = null } = action;
			return { ...state, pending: state.pending.map((message) => (message.client_key === client_key ? { ...message, state: sending, problem } : message)) };
		}
		case 'connection':
			return { ...state, connection: action.connection };
		case 'typing':
			return { ...state, typing: action.on ? { ...action.author, until: action.now + TYPING_MS } : null };
		case 'tick':
			return state.typing && state.typing.until <= action.now ? { ...state, typing: null } : state;
		case 'seen':
			return action.seq > state.seen ? { ...state, seen: action.seq } : state;
		case 'open':
			return { ...state, open: action.open };
		case 'forget':
			return { ...empty, config: state.config, open: state.open };
	}
}

function withConversation(state: State, conversation: Conversation | null): State {
	const before = state.conversation;
	if (!conversation) return { ...state, conversation: null };
	if (before?.id === conversation.id) {
		// Frames can overtake one another: an older version never replaces a newer one, and read marks only rise.
		if (conversation.version < before.version) return state;
		const risen = {
			seen_seq: Math.max(before.seen_seq, conversation.seen_seq),
			agent_seen_seq: Math.max(before.agent_seen_seq, conversation.agent_seen_seq),
			last_seq: Math.max(before.last_seq, conversation.last_seq)
		};
		return { ...state, conversation: { ...conversation, ...risen } };
	}
	const rest = state.threads.filter((thread) => thread.id !== conversation.id);
	const thread = state.threads.find((held) => held.id === conversation.id) ?? { id: conversation.id, messages: [], complete: conversation.last_seq === 0 };
	return { ...state, conversation, threads: [...rest, thread], seen: 0, typing: null };
}

function withMessages(state: State, conversation: string, items: Message[], complete?: boolean): State {
	if (items.length === 0 && complete === undefined) return state;
	const held = state.threads.find((thread) => thread.id === conversation) ?? { id: conversation, messages: [], complete: false };
	const messages = merge(held.messages, items);
	const thread = { id: conversation, messages, complete: complete ?? (held.complete || messages[0]?.seq === 1) };
	const threads = state.threads.some((known) => known.id === conversation)
		? state.threads.map((known) => (known.id === conversation ? thread : known))
		: [...state.threads, thread];
	const stored = new Set(items.map((message) => message.client_key));
	const pending = state.pending.filter((message) => !stored.has(message.client_key));
	// Whoever was typing has said it.
	const said = items.some((message) => !message.mine && message.author.kind === state.typing?.kind);
	return { ...state, threads, pending, typing: said ? null : state.typing };
}
