import type { Id, Time } from './base';

export const NOTICE_KINDS = ['assigned', 'mentioned', 'customer_answered', 'clock_warned', 'clock_breached', 'promise_due', 'approval_asked', 'approval_decided', 'review', 'team_breached', 'queue_full'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export const NOTICE_WAYS = ['push', 'email', 'chat'] as const;
export type NoticeWay = (typeof NOTICE_WAYS)[number];
export type Notice = {
	id: Id;
	kind: NoticeKind;
	detail: string;
	conversation_id: Id | null;
	number: number | null;
	customer: string | null;
	subject: string | null;
	queue: string | null;
	by: string | null;
	happened: number;
	at: Time;
	unread: boolean;
};
export type Ways = { list: boolean } & Record<NoticeWay, boolean>;
/** Days are 1 (Monday) to 7; `to` before `from` runs into the next morning. */
export type QuietHours = { days: number[]; from: string; to: string };
export type Absence = { from: Time; until: Time; kinds: NoticeKind[] };
export type NoticeSettings = {
	kinds: Partial<Record<NoticeKind, Ways>>;
	only_away: NoticeWay[];
	timezone: string;
	quiet: QuietHours[];
	absence: Absence | null;
	mail_after_minutes: number;
	detail: 'number' | 'customer';
	queue_limit: number;
};
/** `ways` are those that are set up, `kinds` those that this person can be told; `names_leave`: whether the company allows `detail` `customer`. */
export type NoticeChoices = { settings: NoticeSettings; ways: NoticeWay[]; kinds: NoticeKind[]; names_leave: boolean };
export type NoticePolicy = { names_leave: boolean };
export type NoticeHook = { id: Id; service: 'slack' | 'teams'; name: string; host: string; kinds: NoticeKind[]; failing_since: Time | null; last_error: string | null; off_since: Time | null; created_at: Time };
export type NewNoticeHook = { service: 'slack' | 'teams'; name: string; url: string; kinds?: NoticeKind[] };
export type PushBrowser = { id: Id; browser: string; created_at: Time; used_at: Time | null };
export type NewPushBrowser = { endpoint: string; p256dh: string; auth: string; browser: string };
