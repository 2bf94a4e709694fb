import type { Addressing, MailOrigin } from './mail';
import type { Id, Locale, PerLocale, Time } from './base';
import type { ContactRow } from './people';
import type { RowClock } from './service';

export type AuthorKind = 'contact' | 'staff' | 'bot' | 'system';
export type Author = { kind: AuthorKind; id: Id | null; name: string; avatar_url: string | null };
export type ConversationState = 'open' | 'waiting' | 'snoozed' | 'closed';
export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low'];
export type ChannelKind = 'chat' | 'email' | 'api';
export type Owner = {
	kind: 'bot' | 'queue' | 'agent' | 'nobody';
	queue: { id: Id; name: string } | null;
	agent: { id: Id; name: string; avatar_url: string | null } | null;
};
export type LabelRef = { id: Id; name: string; color: string };
export type ConversationRow = {
	id: Id;
	number: number;
	version: number;
	channel: { id: Id; kind: ChannelKind; name: string };
	contact: { id: Id; name: string; email: string | null; avatar_url: string | null } | null;
	subject: string | null;
	preview: string;
	preview_author: AuthorKind;
	state: ConversationState;
	owner: Owner;
	priority: Priority;
	labels: LabelRef[];
	locale: Locale | null;
	last_seq: number;
	/** How far the signed-in person has read; left out of live changes, which are the same for everybody. */
	seen_seq?: number;
	last_message_at: Time;
	waiting_since: Time | null;
	snoozed_until: Time | null;
	created_at: Time;
	closed_at: Time | null;
	reason: string | null;
	rating: number | null;
	solved: boolean | null;
	/** Of the clocks that run, the one that is due first. */
	clock: RowClock | null;
	promise_due_at: Time | null;
	/** What was written to the customer last did not reach them. */
	undelivered: boolean;
};
export type Draft = { body: string; attachment_ids: Id[]; updated_at: Time };
export type Presence = { staff_id: Id; name: string; mode: 'viewing' | 'typing' };
export type RoutingCandidate = { staff_id: Id; name: string; verdict: string; score: number };
export type Routing = {
	at: Time;
	reason: string;
	summary: string;
	considered: RoutingCandidate[];
	queue: { id: Id; name: string } | null;
	rule: string;
};
export type EarlierConversation = {
	id: Id;
	number: number;
	subject: string | null;
	preview: string;
	created_at: Time;
	state: ConversationState;
};
export type Conversation = ConversationRow & {
	contact_seen_seq: number;
	routing: Routing | null;
	draft: { reply: Draft | null; note: Draft | null };
	/** Answers that wait for their moment, the next one first. */
	scheduled: ScheduledAnswer[];
	presence: Presence[];
	earlier: EarlierConversation[];
};
export type HeldBecause = 'customer_wrote' | 'conversation_closed' | 'merged' | 'author_gone' | 'file_gone' | 'too_late';
/** An answer that waits for its moment, or for a person when something holds it. */
export type ScheduledAnswer = {
	id: Id;
	conversation_id: Id;
	author: Author;
	body: string;
	attachments: Attachment[];
	addressing: Addressing | null;
	close: boolean;
	send_at: Time;
	held: HeldBecause | null;
	created_at: Time;
	version: number;
};
export type NewScheduledAnswer = {
	client_key: string;
	body: string;
	format: 'text' | 'markdown';
	attachment_ids?: Id[];
	addressing?: Addressing | undefined;
	close?: boolean;
	send_at: Time;
};
/** A moment to offer. */
export type SendTime = { code: 'hour' | 'opening' | 'tomorrow' | 'monday'; at: Time };
export type Attachment = {
	id: Id;
	name: string;
	media_type: string;
	bytes: number;
	url: string;
	width: number | null;
	height: number | null;
};
export type Visibility = 'public' | 'private';
export type MessageMeta = {
	sources?: { article_id: Id; title: string; url: string | null }[];
	confidence?: number;
	options?: { key: string; label: string }[];
	event?: string;
	data?: Record<string, unknown>;
	bot_turn?: Id;
	addressing?: Addressing;
	origin?: MailOrigin;
	/** Why it was not delivered, e.g. `address_unknown`. */
	delivery_code?: string;
	/** It was written before, and waited for its moment. */
	scheduled?: { written_at: Time; for_at: Time };
	/** Where it goes on, after it was split off. */
	moved_to?: { conversation: Id; number: number };
	copied_from?: { conversation: Id; message: Id };
};
export type Message = {
	id: Id;
	conversation_id: Id;
	seq: number;
	client_key: string | null;
	author: Author;
	direction: 'in' | 'out';
	visibility: Visibility;
	kind: 'text' | 'event' | 'rating' | 'options' | 'form';
	body: string;
	format: 'text' | 'markdown';
	/** Sanitised by the server. */
	html: string;
	language: Locale | null;
	attachments: Attachment[];
	meta: MessageMeta;
	delivery: 'pending' | 'sent' | 'delivered' | 'read' | 'failed' | null;
	created_at: Time;
	edited_at: Time | null;
	removed_at: Time | null;
};
export type NewMessage = {
	client_key: string;
	body: string;
	format?: 'text' | 'markdown';
	visibility: Visibility;
	attachment_ids?: Id[];
	mentions?: Id[];
	close?: boolean;
	addressing?: Addressing;
};
export type MessagePage = { items: Message[]; has_more: boolean };
export type Counts = {
	mine: number;
	unassigned: number;
	all: number;
	mentions: number;
	waiting: number;
	breaching: number;
	promised: number;
	bot: number;
	views: Record<Id, number>;
};
export type FilterField =
	| 'state'
	| 'owner'
	| 'assignee'
	| 'queue'
	| 'channel'
	| 'label'
	| 'contact'
	| 'priority'
	| 'language'
	| 'reason'
	| 'rating'
	| 'solved'
	| 'number'
	| 'created_at'
	| 'last_message_at'
	| 'waiting_since'
	| 'closed_at';
export type FilterOperator = 'is' | 'is_not' | 'in' | 'exists' | 'missing' | 'at_least' | 'at_most' | 'before' | 'after' | 'older_than' | 'newer_than';
export type FilterValue = string | number | boolean | null | (string | number)[];
export type Condition = { field: FilterField; operator: FilterOperator; value?: FilterValue };
/** An empty `all` holds always, an empty `any` never. */
export type Filter = { all: Filter[] } | { any: Filter[] } | { not: Filter } | Condition;
export type View = { id: Id; name: string; filter: Filter; shared: boolean; owner_id?: Id };
export type Sort = 'activity' | 'created' | 'priority' | 'waiting' | 'due' | 'promised';
export type ConversationQuery = {
	view?: string;
	state?: string;
	assignee?: string;
	queue?: Id;
	channel?: Id;
	label?: Id;
	priority?: string;
	contact?: Id;
	language?: string;
	q?: string;
	sort?: Sort;
	order?: 'asc' | 'desc';
	limit?: number;
	cursor?: string;
};
export type BulkAction =
	| { kind: 'assign'; agent_id: Id | null }
	| { kind: 'queue'; queue_id: Id }
	| { kind: 'close' }
	| { kind: 'reopen' }
	| { kind: 'label'; label_id: Id }
	| { kind: 'unlabel'; label_id: Id }
	| { kind: 'priority'; priority: Priority }
	| { kind: 'snooze'; until: Time | null };
export type BulkResult = { changed: Id[]; failed: { id: Id; code: string }[]; undo_token: string | null };
export type ConversationEvent = {
	seq: number;
	kind: string;
	occurred_at: Time;
	actor: Author;
	payload: unknown;
};
export type SearchResult = {
	conversations: { conversation: ConversationRow; snippet: string; message_seq: number | null }[];
	contacts: ContactRow[];
	articles: { id: Id; title: string; locale: Locale; snippet: string }[];
	next_cursor: string | null;
};
export type Label = LabelRef;
export type CannedAnswer = { id: Id; shortcut: string; title: string; body: PerLocale; shared: boolean };
export type Queue = {
	id: Id;
	name: string;
	calendar_id: Id | null;
	skills: string[];
	members: Id[];
	is_default: boolean;
};
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';
export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** From and to as local `HH:MM`; `24:00` ends a day. */
export type Hours = [string, string];
export type Calendar = {
	id: Id;
	name: string;
	timezone: string;
	weekly: Partial<Record<Weekday, Hours[]>>;
	holidays: 'fi' | 'sv' | 'none';
	exceptions: { date: string; hours: Hours[]; name: string }[];
};
export type OpenState = { open: boolean; opens_at: Time | null; closes_at: Time | null };
export type ChatMode = 'bot_first' | 'person_first' | 'person_only' | 'bot_only';
export const CHAT_MODES: readonly ChatMode[] = ['bot_first', 'person_first', 'person_only', 'bot_only'];
export type PreChatKey = 'name' | 'email' | 'phone';
/** Another conversation of the same matter; `from_other`: the other one came first. */
export type Case = { link: Id; kind: 'merged' | 'continued' | 'split' | 'related'; from_other: boolean; linked_at: Time; conversation: ConversationRow };
export type LinkedCase = { link: Id; conversation: ConversationRow };
export type ChatSettings = {
	/** Answers are not mailed to visitors who have gone. */
	chat_only?: boolean;
	origins: string[];
	mode: ChatMode;
	night_mode: ChatMode | null;
	queue_id: Id | null;
	pre_chat: { fields: { key: PreChatKey; required: boolean }[]; notice: PerLocale<string>; privacy_url: string | null };
};
export type Channel = {
	id: Id;
	kind: ChannelKind;
	name: string;
	enabled: boolean;
	public_key: Id | null;
	settings: Partial<ChatSettings> & Record<string, unknown>;
};
