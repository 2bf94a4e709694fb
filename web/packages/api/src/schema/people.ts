import type { Id, Locale, PerLocale, Time } from './base';

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
	| 'channels:feed'
	| 'grants:give'
	| 'grants:decide'
	| 'quality:own'
	| 'quality:review'
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
	'channels:feed',
	'grants:give',
	'grants:decide',
	'quality:own',
	'quality:review',
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
export type OidcProviderSettings = {
	id: Id;
	name: string;
	issuer: string;
	client_id: string;
	domains: string[];
	created_at: Time;
	redirect_url: string;
};
export type NewOidcProvider = { name: string; issuer: string; client_id: string; client_secret: string; domains: string[] };

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
export type WorkspacePatch = Partial<Omit<Workspace, 'id' | 'slug' | 'brand'>> & { brand?: Partial<Brand> };
export type Invitation = { id: Id; email: string; role: Role; created_at: Time; expires_at: Time; link?: string | null };
export type InvitationByToken = {
	email: string;
	role: Role;
	workspace: string;
	account_exists: boolean;
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
	actor: string;
	actor_name: string | null;
	action: string;
	subject_kind: string | null;
	subject_id: string | null;
	detail: unknown;
};

export type AttributeValue = string | number | boolean | null;
export type ContactRow = {
	id: Id;
	/** Empty for somebody who has not said it. */
	name: string;
	email: string | null;
	phone: string | null;
	locale: Locale | null;
	company: { id: Id; name: string } | null;
	last_seen_at: Time;
	created_at: Time;
	blocked: boolean;
};
export type IdentityKind = 'email' | 'phone' | 'user_id' | 'handle';
export type Identity = { id: Id; kind: IdentityKind; value: string; verified: boolean; source: string };
export type Contact = ContactRow & {
	timezone: string | null;
	avatar_url: string | null;
	attributes: Record<string, AttributeValue>;
	identities: Identity[];
	companies: { id: Id; name: string; role: string }[];
	version: number;
	merged_into: Id | null;
	first_seen_at: Time;
};
export type Duplicate = { contact: ContactRow; reasons: string[] };
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
