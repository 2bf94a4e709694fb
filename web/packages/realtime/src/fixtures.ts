/** Rows for tests; every field can be overridden. */
import type { ConversationRow, Message } from '@ennakoi/api';

export function row(id: string, over: Partial<ConversationRow> = {}): ConversationRow {
	return {
		id,
		number: Number(id.replace(/\D/g, '')) || 1,
		version: 1,
		channel: { id: 'ch-1', kind: 'chat', name: 'Verkkokauppa' },
		contact: { id: 'p-1', name: 'Liisa', email: null, avatar_url: null },
		subject: null,
		preview: 'Hei',
		preview_author: 'contact',
		state: 'open',
		owner: { kind: 'queue', queue: { id: 'q-1', name: 'Aspa' }, agent: null },
		priority: 'normal',
		labels: [],
		locale: 'fi',
		last_seq: 1,
		seen_seq: 0,
		last_message_at: 1_000,
		waiting_since: null,
		snoozed_until: null,
		created_at: 1_000,
		closed_at: null,
		reason: null,
		rating: null,
		solved: null,
		clock: null,
		promise_due_at: null,
		undelivered: false,
		...over
	};
}

export function message(conversation: string, seq: number, over: Partial<Message> = {}): Message {
	return {
		id: `${conversation}-${seq}`,
		conversation_id: conversation,
		seq,
		client_key: null,
		author: { kind: 'contact', id: 'p-1', name: 'Liisa', avatar_url: null },
		direction: 'in',
		visibility: 'public',
		kind: 'text',
		body: `viesti ${seq}`,
		format: 'text',
		html: `viesti ${seq}`,
		language: 'fi',
		attachments: [],
		meta: {},
		delivery: null,
		created_at: seq,
		edited_at: null,
		removed_at: null,
		...over
	};
}
