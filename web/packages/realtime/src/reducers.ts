/**
 * What the desk knows, and how a change alters it. Pure functions: a state that is behind, plus the changes since,
 * equals the state a fresh load would give. Rows are upserted by id and never go back to a lower version; messages are
 * upserted by id within their conversation and stay in the order of their `seq`.
 */
import type { Changes, ContactRow, Conversation, ConversationRow, Id, Message } from '@ennakoi/api';

export type DeskState = {
	/** The last change of the workspace that is in here; null before the first load. */
	readonly seq: number | null;
	readonly conversations: ReadonlyMap<Id, ConversationRow>;
	/** Only of conversations that were opened; ascending by `seq`, without holes at the end. */
	readonly messages: ReadonlyMap<Id, readonly Message[]>;
	readonly contacts: ReadonlyMap<Id, ContactRow>;
};

export const emptyDesk: DeskState = { seq: null, conversations: new Map(), messages: new Map(), contacts: new Map() };

/** The newer of two rows, keeping what only this person knows (`seen_seq`), which never goes back. */
export function newerRow<T extends ConversationRow>(known: T | undefined, incoming: T): T {
	if (!known) return incoming;
	const seen = Math.max(known.seen_seq ?? 0, incoming.seen_seq ?? 0);
	if (incoming.version < known.version) return known.seen_seq === seen ? known : { ...known, seen_seq: seen };
	return { ...incoming, seen_seq: seen };
}

export function upsertConversations(state: DeskState, rows: readonly ConversationRow[]): DeskState {
	if (rows.length === 0) return state;
	const conversations = new Map(state.conversations);
	for (const row of rows) conversations.set(row.id, newerRow(conversations.get(row.id), row));
	return { ...state, conversations };
}

/** Joins two runs of messages of one conversation: one of each id, ascending. Later arguments win. */
export function mergeMessages(known: readonly Message[], incoming: readonly Message[]): readonly Message[] {
	if (incoming.length === 0) return known;
	const byId = new Map(known.map((message) => [message.id, message]));
	for (const message of incoming) byId.set(message.id, message);
	return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

export function upsertMessages(state: DeskState, conversation: Id, incoming: readonly Message[]): DeskState {
	const messages = new Map(state.messages);
	messages.set(conversation, mergeMessages(messages.get(conversation) ?? [], incoming));
	return { ...state, messages };
}

/** Applies one frame of changes. A frame that was applied before changes nothing. */
export function applyChanges(state: DeskState, changes: Changes): DeskState {
	let next = upsertConversations(state, changes.conversations);
	const byConversation = new Map<Id, Message[]>();
	for (const message of changes.messages) {
		// A conversation that was never opened loads its messages when it is; keeping a few of them would leave a hole.
		if (!next.messages.has(message.conversation_id)) continue;
		const run = byConversation.get(message.conversation_id) ?? [];
		run.push(message);
		byConversation.set(message.conversation_id, run);
	}
	for (const [conversation, run] of byConversation) next = upsertMessages(next, conversation, run);
	if (changes.contacts.length > 0) {
		const contacts = new Map(next.contacts);
		for (const contact of changes.contacts) contacts.set(contact.id, contact);
		next = { ...next, contacts };
	}
	return { ...next, seq: Math.max(next.seq ?? 0, changes.seq) };
}

/** Marks a conversation as read up to `seq` by the person at this desk. */
export function markSeen(state: DeskState, conversation: Id, seq: number): DeskState {
	const row = state.conversations.get(conversation);
	if (!row || (row.seen_seq ?? 0) >= seq) return state;
	const conversations = new Map(state.conversations);
	conversations.set(conversation, { ...row, seen_seq: seq });
	return { ...state, conversations };
}

export function isUnread(row: ConversationRow): boolean {
	return row.last_seq > (row.seen_seq ?? 0) && row.preview_author !== 'staff';
}

/** Drops what only the detailed answer has. */
export function rowOf(conversation: Conversation): ConversationRow {
	const { contact_seen_seq: _seen, routing: _routing, draft: _draft, presence: _presence, earlier: _earlier, ...row } = conversation;
	return row;
}
