/** What the server sends, read with suspicion: a frame or answer of another shape is dropped, never half believed. */

export interface Attachment {
	id: string;
	name: string;
	media_type: string;
	bytes: number;
	url: string;
	width: number | null;
	height: number | null;
}

export interface Meta {
	sources: { title: string; url: string }[];
	options: { key: string; label: string }[];
	event: string | null;
	data: Record<string, unknown>;
}

export type AuthorKind = 'contact' | 'staff' | 'bot' | 'system';

export interface Message {
	id: string;
	seq: number;
	client_key: string | null;
	author: { kind: AuthorKind; name: string; avatar_url: string | null };
	mine: boolean;
	kind: 'text' | 'event' | 'rating' | 'options' | 'form';
	body: string;
	html: string;
	attachments: Attachment[];
	meta: Meta;
	/** Microseconds since 1970. */
	created_at: number;
	edited_at: number | null;
	removed_at: number | null;
}

export interface Conversation {
	id: string;
	version: number;
	state: 'open' | 'closed';
	owner: 'bot' | 'queue' | 'agent' | 'nobody';
	agent: { name: string; avatar_url: string | null } | null;
	last_seq: number;
	seen_seq: number;
	agent_seen_seq: number;
	queue_position: number | null;
	ask_rating: boolean;
	rating: number | null;
	solved: boolean | null;
	created_at: number;
}

export interface Article {
	id: string;
	title: string;
	excerpt: string;
	url: string;
}

type Loose = Record<string, unknown>;
export const record = (value: unknown): Loose | null => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : null);
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const whole = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const oneOf = <T extends string>(value: unknown, all: readonly T[], fallback: T): T => all.find((known) => known === value) ?? fallback;
const read = <T>(values: unknown, one: (value: unknown) => T | null): T[] => list(values).map(one).filter((item): item is T & {} => item !== null);

/** Addresses that a link or picture may have; no `javascript:`. */
export function safeUrl(value: unknown): string | null {
	const url = textOr(value);
	return url !== null && /^(https?:\/\/|\/(?!\/)|mailto:|tel:)/i.test(url) ? url : null;
}

export function readAttachment(value: unknown): Attachment | null {
	const raw = record(value);
	const url = safeUrl(raw?.url);
	if (!raw || !url || !textOr(raw.id)) return null;
	return { id: text(raw.id), name: text(raw.name), media_type: text(raw.media_type), bytes: whole(raw.bytes) ?? 0, url, width: whole(raw.width), height: whole(raw.height) };
}

export function readMessage(value: unknown): Message | null {
	const raw = record(value);
	const seq = whole(raw?.seq);
	if (!raw || seq === null || !textOr(raw.id)) return null;
	const author = record(raw.author) ?? {};
	const meta = record(raw.meta) ?? {};
	return {
		id: text(raw.id),
		seq,
		client_key: textOr(raw.client_key),
		author: { kind: oneOf(author.kind, ['contact', 'staff', 'bot', 'system'], 'system'), name: text(author.name), avatar_url: safeUrl(author.avatar_url) },
		mine: raw.mine === true,
		kind: oneOf(raw.kind, ['text', 'event', 'rating', 'options', 'form'], 'text'),
		body: text(raw.body),
		html: text(raw.html),
		attachments: read(raw.attachments, readAttachment),
		meta: {
			sources: read(meta.sources, (source) => {
				const url = safeUrl(record(source)?.url);
				return url ? { title: text(record(source)?.title) || url, url } : null;
			}),
			options: read(meta.options, (option) => {
				const [key, label] = [textOr(record(option)?.key), textOr(record(option)?.label)];
				return key && label ? { key, label } : null;
			}),
			event: textOr(meta.event),
			data: record(meta.data) ?? {}
		},
		created_at: whole(raw.created_at) ?? 0,
		edited_at: whole(raw.edited_at),
		removed_at: whole(raw.removed_at)
	};
}

export const readMessages = (value: unknown): Message[] => read(value, readMessage);

export function readConversation(value: unknown): Conversation | null {
	const raw = record(value);
	if (!raw || !textOr(raw.id)) return null;
	const agent = record(raw.agent);
	return {
		id: text(raw.id),
		version: whole(raw.version) ?? 0,
		state: raw.state === 'closed' ? 'closed' : 'open',
		owner: oneOf(raw.owner, ['bot', 'queue', 'agent', 'nobody'], 'nobody'),
		agent: agent ? { name: text(agent.name), avatar_url: safeUrl(agent.avatar_url) } : null,
		last_seq: whole(raw.last_seq) ?? 0,
		seen_seq: whole(raw.seen_seq) ?? 0,
		agent_seen_seq: whole(raw.agent_seen_seq) ?? 0,
		queue_position: whole(raw.queue_position),
		ask_rating: raw.ask_rating === true,
		rating: whole(raw.rating),
		solved: typeof raw.solved === 'boolean' ? raw.solved : null,
		created_at: whole(raw.created_at) ?? 0
	};
}

export const readArticles = (value: unknown): Article[] =>
	read(record(value)?.items, (item) => {
		const raw = record(item);
		const url = safeUrl(raw?.url);
		return raw && url && textOr(raw.title) ? { id: text(raw.id) || url, title: text(raw.title), excerpt: text(raw.excerpt), url } : null;
	});
