/**
 * What the API sends and takes, as `docs/api` and `/api/openapi.json` describe it.
 * Times are whole microseconds since 1970 (UTC); ids are UUID strings; nullable fields are present with null.
 */
export type Time = number;
export type Id = string;
export type Locale = 'fi' | 'sv' | 'en';
export const LOCALES: readonly Locale[] = ['fi', 'sv', 'en'];
export type PerLocale<T = string> = Partial<Record<Locale, T>>;

export type Page<T> = { items: T[]; next_cursor: string | null };

// ---- People -----------------------------------------------------------------------------------------------------
export type Role = 'owner' | 'admin' | 'supervisor' | 'agent' | 'viewer';
export const ROLES: readonly Role[] = ['owner', 'admin', 'supervisor', 'agent', 'viewer'];
export type Permission =
	| 'conversations:read'
	| 'conversations:write'
	| 'contacts:read'
	| 'contacts:write'
	| 'contacts:merge'
	| 'contacts:export'
	| 'commerce:read'
	| 'commerce:write'
	| 'knowledge:read'
	| 'knowledge:write'
	| 'knowledge:publish'
	| 'desk:manage'
	| 'reports:read'
	| 'staff:read'
	| 'staff:manage'
	| 'settings:read'
	| 'settings:manage'
	| 'integrations:manage'
	| 'audit:read'
	| 'workspace:own';
export const PERMISSIONS: readonly Permission[] = [
	'conversations:read',
	'conversations:write',
	'contacts:read',
	'contacts:write',
	'contacts:merge',
	'contacts:export',
	'commerce:read',
	'commerce:write',
	'knowledge:read',
	'knowledge:write',
	'knowledge:publish',
	'desk:manage',
	'reports:read',
	'staff:read',
	'staff:manage',
	'settings:read',
	'settings:manage',
	'integrations:manage',
	'audit:read',
	'workspace:own'
];
export type Availability = 'online' | 'away' | 'offline';

export type Staff = {
	id: Id;
	email: string;
	name: string;
	locale: Locale;
	avatar_url: string | null;
	has_password: boolean;
	has_totp: boolean;
	operator: boolean;
	preferences: Record<string, unknown>;
};
export type Membership = {
	workspace: { id: Id; slug: string; name: string };
	role: Role;
	permissions: Permission[];
	availability: Availability;
	capacity: number;
};
export type Session = { id: Id; staff: Staff; memberships: Membership[]; second_factor: boolean; setup_needed: boolean };
export type SessionRow = {
	id: Id;
	created_at: Time;
	last_seen_at: Time;
	user_agent: string;
	address: string;
	current: boolean;
};
export type Passkey = { id: Id; name: string; created_at: Time; last_used_at: Time | null };
export type TotpStart = { secret: string; otpauth_url: string; qr_svg: string };
export type OidcProvider = { id: string; name: string };

export type Brand = {
	color: string;
	logo_url: string | null;
	launcher: 'right' | 'left';
	greeting: PerLocale;
};
export type Workspace = {
	id: Id;
	slug: string;
	name: string;
	timezone: string;
	languages: Locale[];
	default_language: Locale;
	brand: Brand;
	modules: Record<string, boolean>;
	setup: { done: string[] };
};
export type WorkspacePatch = {
	name?: string;
	settings?: Partial<Omit<Workspace, 'id' | 'slug' | 'name' | 'brand'>> & { brand?: Partial<Brand> };
};
export type Invitation = { id: Id; email: string; role: Role; created_at: Time; expires_at: Time; link?: string | null };
export type InvitationByToken = {
	email: string;
	role: Role;
	workspace: { name: string };
	invited_by?: string | null;
	has_account?: boolean;
};
export type Member = {
	id: Id;
	email: string;
	name: string;
	role: Role;
	avatar_url: string | null;
	availability: Availability;
	capacity: number;
	skills: string[];
	languages: Locale[];
	open_conversations: number;
};
export type ApiKey = {
	id: Id;
	name: string;
	prefix: string;
	scopes: Permission[];
	created_at: Time;
	last_used_at: Time | null;
	key?: string | null;
};
export type AuditEntry = {
	id: Id;
	at: Time;
	actor: string | null;
	actor_name: string | null;
	action: string;
	subject_kind: string | null;
	subject_id: string | null;
	detail: unknown;
};

// ---- Contacts ---------------------------------------------------------------------------------------------------
export type AttributeValue = string | number | boolean | null;
export type ContactRow = {
	id: Id;
	name: string | null;
	email: string | null;
	phone: string | null;
	locale: Locale | null;
	company: { id: Id; name: string } | null;
	last_seen_at: Time | null;
	created_at: Time;
	blocked: boolean;
};
export type IdentityKind = 'email' | 'phone' | 'user_id' | 'handle';
export type Identity = { id: Id; kind: IdentityKind; value: string; verified: boolean; source: string };
export type Contact = ContactRow & {
	timezone: string | null;
	attributes: Record<string, AttributeValue>;
	identities: Identity[];
	companies: { id: Id; name: string; role: string | null }[];
	version: number;
	merged_into: Id | null;
	first_seen_at: Time | null;
};
export type ContactMerge = { id: Id; at?: Time; loser?: { id: Id; name: string | null } | null; undone_at?: Time | null };
export type TimelineEntry = {
	seq: number;
	kind: string;
	occurred_at: Time;
	actor: string | null;
	actor_name: string | null;
	conversation: Id | null;
	payload: unknown;
};
export type PageView = { at: Time; url: string; title: string | null };
export type Company = {
	id: Id;
	name: string;
	domain: string | null;
	business_id: string | null;
	attributes: Record<string, AttributeValue>;
};
export type AttributeType = 'text' | 'number' | 'boolean' | 'date' | 'choice';
export type AttributeDefinition = {
	key: string;
	label: string;
	type: AttributeType;
	options: string[] | null;
	subject?: string;
};

// ---- Inbox ------------------------------------------------------------------------------------------------------
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
	contact: { id: Id; name: string | null; email: string | null; avatar_url: string | null } | null;
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
};
export type Draft = { body: string; attachments: Attachment[]; updated_at: Time };
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
	presence: Presence[];
	earlier: EarlierConversation[];
};
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
	delivery: 'sent' | 'delivered' | 'read' | 'failed' | null;
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
};
export type MessagePage = { items: Message[]; has_more: boolean };
export type Counts = {
	mine: number;
	unassigned: number;
	all: number;
	mentions: number;
	waiting: number;
	bot: number;
	views: Record<Id, number>;
};
export type FilterField =
	| 'state'
	| 'assignee'
	| 'queue'
	| 'channel'
	| 'label'
	| 'priority'
	| 'language'
	| 'contact'
	| 'created'
	| 'last_message'
	| 'rating'
	| 'solved'
	| 'text';
export type FilterOperator = 'is' | 'is_not' | 'before' | 'after' | 'at_least' | 'at_most' | 'contains';
export type Condition = { field: FilterField; op: FilterOperator; value: string | number | boolean | null };
export type Filter = { match: 'all' | 'any'; conditions: (Condition | Filter)[] };
export type View = { id: Id; name: string; filter: Filter; shared: boolean };
export type Sort = 'activity' | 'created' | 'priority' | 'waiting';
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
	filter?: string;
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
export type BulkResult = { changed: Id[]; failed: { id: Id; code: string }[]; undo_token: string };
export type ConversationEvent = {
	seq: number;
	kind: string;
	occurred_at: Time;
	actor: string | null;
	actor_name: string | null;
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
export type ChatSettings = {
	origins: string[];
	mode: ChatMode;
	night_mode: ChatMode | null;
	queue_id: Id | null;
	pre_chat: { fields: string[] } | null;
};
export type Channel = {
	id: Id;
	kind: ChannelKind;
	name: string;
	enabled: boolean;
	public_key: Id | null;
	settings: Partial<ChatSettings> & Record<string, unknown>;
};

// ---- Knowledge --------------------------------------------------------------------------------------------------
export type Category = { id: Id; slug: string; position: number; title: PerLocale; description: PerLocale };
export type ArticleStatus = 'draft' | 'published' | 'changed';
export type ArticleLocaleState = {
	locale: Locale;
	title: string;
	slug: string;
	status: ArticleStatus;
	updated_at: Time;
	outdated: boolean;
};
export type ArticleRow = {
	id: Id;
	category_id: Id | null;
	audience: 'public' | 'staff';
	updated_at: Time;
	locales: ArticleLocaleState[];
	views: number;
	helpful: number;
	unhelpful: number;
};
export type ArticleText = {
	title: string;
	slug: string;
	summary: string | null;
	body: string;
	questions: string[];
	video_url: string | null;
	published_revision: number | null;
	draft_revision: number;
	status: ArticleStatus;
	version: number;
};
export type Article = ArticleRow & { texts: PerLocale<ArticleText>; related: Id[] };
export type ArticleTextInput = {
	title: string;
	body: string;
	summary?: string | null;
	questions?: string[];
	video_url?: string | null;
	version: number;
};
export type Revision = {
	revision: number;
	created_at: Time;
	author_name: string | null;
	title: string;
	body?: string;
	published: boolean;
};
export type ImportResult = {
	created: number;
	updated: number;
	rejected: { line: number; reason: string }[];
	preview: { title: string; body?: string; category?: string | null; locale?: Locale }[];
};

// ---- Commerce ---------------------------------------------------------------------------------------------------
export type OrderLine = { sku: string; name: string; quantity: number; unit_minor: number; total_minor: number };
export type Shipment = {
	carrier: string;
	number: string;
	url: string | null;
	status: string;
	shipped_at: Time | null;
	delivered_at: Time | null;
};
export type Order = {
	id: Id;
	source: string;
	source_id: string;
	number: string;
	status: string;
	financial_status: string | null;
	fulfilment_status: string | null;
	currency: string;
	total_minor: number;
	lines: OrderLine[];
	placed_at: Time;
	promised_at: Time | null;
	delivered_at: Time | null;
	shipments: Shipment[];
	contact_id: Id | null;
};
export type Invoice = {
	id: Id;
	number: string;
	status: string;
	currency: string;
	total_minor: number;
	due_at: Time | null;
	paid_at: Time | null;
};
export type Subscription = {
	id: Id;
	name?: string;
	status: string;
	currency?: string;
	price_minor?: number;
	renews_at?: Time | null;
};
export type Commerce = {
	orders: Order[];
	invoices: Invoice[];
	subscriptions: Subscription[];
	value: { currency: string; orders: number; total_minor: number } | null;
};

// ---- Bot --------------------------------------------------------------------------------------------------------
export type BotSettings = {
	enabled: boolean;
	name: string;
	modes: Record<string, unknown>;
	thresholds: { wrong_cost: number };
	greeting: PerLocale;
	handover: { rules: string[] };
};
export type BotVerdict = 'answered' | 'asked_back' | 'rejected' | 'handed_over' | 'small_talk';
export type BotTurn = {
	id: Id;
	at: Time;
	question: string;
	language: Locale;
	verdict: BotVerdict;
	confidence: number | null;
	candidates: { article_id: Id; title: string; score: number; confidence: number; why: string[] }[];
	reason: string;
	rule: string | null;
	model_version: string;
};

// ---- Webhooks ---------------------------------------------------------------------------------------------------
export type Webhook = {
	id: Id;
	url: string;
	kinds: string[];
	enabled: boolean;
	secret?: string | null;
};
export type WebhookDelivery = {
	id: Id;
	kind: string;
	status: string;
	attempts: number;
	response_status: number | null;
	at?: Time;
	created_at?: Time;
};

// ---- Live -------------------------------------------------------------------------------------------------------
export type Changes = {
	seq: number;
	events: { seq: number; kind: string; conversation: Id | null; contact: Id | null; actor: string | null }[];
	conversations: ConversationRow[];
	messages: Message[];
	contacts: ContactRow[];
	counts?: Counts;
};
export type ServerFrame =
	| { type: 'welcome'; seq: number; resumed: boolean }
	| ({ type: 'changes' } & Changes)
	| { type: 'presence'; conversation: Id; people: Presence[] }
	| { type: 'typing'; conversation: Id; author: Author; on: boolean }
	| { type: 'staff'; id: Id; availability: Availability }
	| { type: 'ack'; client_key: string; message: Message }
	| { type: 'refused'; client_key: string; problem: { code: string } }
	| { type: 'pong' };
export type ClientFrame =
	| { type: 'hello'; last_seq: number | null }
	| { type: 'focus'; conversation: Id | null }
	| { type: 'typing'; conversation: Id; visibility: Visibility; on: boolean }
	| { type: 'ping' };
