import type { Id, Time } from './base';
import type { ChatSettings } from './inbox';

/** Another program as a channel. */
export type Program = {
	id: Id;
	name: string;
	enabled: boolean;
	settings: Partial<ChatSettings>;
	url: string | null;
	proven: boolean;
	inbound_url: string;
	trouble: string | null;
	trouble_at: Time | null;
	rotated_at: Time | null;
	created_at: Time;
};
export type ProgramSecrets = { inbound_secret: string; outbound_secret: string };
export type ProgramForm = { name: string; url: string; proven: boolean; settings: Partial<ChatSettings> };
export type ProgramTest = { ok: boolean; status: number | null; trouble: string | null };
