import { type Locale, pickLocale } from './locale';

/** What `GET /widget/v1/{public_key}/config` answers, as far as the widget uses it. Times are microseconds since 1970. */
export interface Config {
	workspace: { name: string };
	brand: { color: string; logo_url: string | null; launcher: 'left' | 'right' };
	languages: Locale[];
	locale: Locale;
	greeting: string | null;
	open: { open: boolean; opens_at: number | null; closes_at: number | null };
	mode: string;
	bot: boolean;
	pre_chat: {
		fields: { key: 'name' | 'email' | 'phone'; required: boolean }[];
		/** What the details are used for. */
		notice: string | null;
		privacy_url: string | null;
	};
	/** How long a first answer of a person usually takes; unknown: null. */
	reply_minutes: number | null;
}

type Loose = Record<string, unknown>;
const record = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {});
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** Takes a configuration as it comes over the wire; what is missing or odd gets a harmless value. */
export function readConfig(value: unknown): Config {
	const raw = record(value);
	const brand = record(raw.brand);
	const open = record(raw.open);
	const { fields, notice, privacy_url } = record(raw.pre_chat);
	const languages = (Array.isArray(raw.languages) ? raw.languages : []).map((tag) => pickLocale([text(tag)])).filter((tag) => tag !== null);
	return {
		workspace: { name: text(record(raw.workspace).name) ?? '' },
		brand: { color: text(brand.color) ?? '', logo_url: text(brand.logo_url), launcher: brand.launcher === 'left' ? 'left' : 'right' },
		languages,
		locale: pickLocale([text(raw.locale)]) ?? languages[0] ?? 'en',
		greeting: text(raw.greeting),
		open: { open: open.open !== false, opens_at: number(open.opens_at), closes_at: number(open.closes_at) },
		mode: text(raw.mode) ?? 'bot_first',
		bot: raw.bot === true,
		pre_chat: {
			fields: (Array.isArray(fields) ? fields : []).map(record).flatMap((field) =>
				field.key === 'name' || field.key === 'email' || field.key === 'phone' ? [{ key: field.key, required: field.required === true }] : []
			),
			notice: text(notice),
			privacy_url: text(privacy_url)
		},
		reply_minutes: number(raw.reply_minutes)
	};
}
