import type { Id, Time } from './base';

/** Somebody by address. */
export type Correspondent = { address: string; name?: string };
export type Addressing = { from?: Correspondent; reply_to?: Correspondent; to?: Correspondent[]; cc?: Correspondent[]; bcc?: Correspondent[]; subject?: string };
export type MailOrigin = { proof: 'proven' | 'unproven' | 'forged'; automatic: boolean; shortened: boolean; formatted: boolean; remote_images: number; newcomer: boolean };
export type Mail = {
	message_id: string;
	addressing: Addressing | null;
	origin: MailOrigin | null;
	/** The whole text, cut where something is folded away. */
	stretches: { text: string; folded: 'quote' | 'signature' | 'footer' | null }[];
	formatted: boolean;
	remote_images: number;
	/** What became of each recipient: `waiting`, `sent`, `refused`. */
	recipients: Record<string, string> | unknown[];
};

export const MAIL_SECURITY = ['tls', 'starttls', 'plain'] as const;
export type MailSecurity = (typeof MAIL_SECURITY)[number];
export type MailServer = { host: string; port: number; security: MailSecurity };
export const MAIL_ARRIVALS = ['imap', 'lmtp', 'mailgun', 'postmark', 'ses'] as const;
export type MailArrival = (typeof MAIL_ARRIVALS)[number];
export type MailboxSettings = {
	name: string;
	arrival: MailArrival;
	/** The SNS topic, where Amazon SES brings the mails. */
	topic: string;
	incoming: MailServer;
	outgoing: MailServer;
	user: string;
	sign_in: 'password' | 'oauth';
	oauth: { client_id: string; token_url: string; scope: string } | null;
	folder: string;
	signature: string;
	undo_seconds: number;
	plus_addressing: boolean;
	trusted_results: string[];
};
export type MailboxSecrets = { password?: string; client_secret?: string; refresh_token?: string; signing_key?: string };
/** Where mails are brought to, when we do not fetch them. */
export type MailboxArrival = { url: string | null; lmtp: string | null };
/** A mail that may have arrived twice. */
export type UnclearMail = { message_id: Id; conversation_id: Id; conversation_number: number; mail_name: string; subject: string | null; recipients: Record<string, string>; delivery: string | null; unclear_at: Time };
export type Mailbox = {
	id: Id;
	channel_id: Id;
	address: string;
	settings: MailboxSettings;
	state: 'new' | 'connected' | 'failing' | 'consent_needed';
	trouble: string | null;
	trouble_detail: string | null;
	checked_at: Time | null;
	created_at: Time;
};
export type MailboxDiscovery = {
	source: 'known' | 'autoconfig' | 'dns' | 'guess';
	provider: string | null;
	incoming: MailServer;
	outgoing: MailServer;
	user: string;
	sign_in: 'password' | 'oauth';
	token_url: string | null;
	scope: string | null;
};
export type MailboxCheck = { ok: boolean; steps: { step: 'token' | 'incoming' | 'outgoing'; ok: boolean; code: string | null; detail: string | null }[] };
