import type later from '../../../../i18n/en/widget-later.json';
import type en from '../../../../i18n/en/widget.json';
import type { Locale } from '../shared/locale';
import { type Problem, problemKey } from './problem';

export type Key = keyof typeof en | keyof typeof later;
type Texts = Partial<Record<Key, string>>;

const LOADERS: Record<Locale, () => Promise<{ default: Texts }>> = {
	fi: () => import('../../../../i18n/fi/widget.json'),
	sv: () => import('../../../../i18n/sv/widget.json'),
	en: () => import('../../../../i18n/en/widget.json')
};

/** Sentences of what is loaded later. */
const LATER: Record<Locale, () => Promise<{ default: Texts }>> = {
	fi: () => import('../../../../i18n/fi/widget-later.json'),
	sv: () => import('../../../../i18n/sv/widget-later.json'),
	en: () => import('../../../../i18n/en/widget-later.json')
};

let texts: Texts | null = null;
let grown = false;
export let locale: Locale = 'en';

/** Loads a language; only the one in use comes over the wire. */
export async function speak(wish: Locale): Promise<void> {
	const [first, then] = await Promise.all([LOADERS[wish](), grown ? LATER[wish]() : null]);
	texts = { ...first.default, ...then?.default };
	locale = wish;
	document.documentElement.lang = wish;
}

/** Takes in the sentences of what is loaded later, from now on in every language. */
export async function speakMore(): Promise<void> {
	grown = true;
	await speak(locale);
}

/** The sentence, with `{names}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
	return (texts?.[key] ?? '').replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** What to tell the visitor about a problem, or what its key stands for. */
export function explain(problem: Problem | string): string {
	const key = typeof problem === 'string' ? problem : problemKey(problem);
	return texts && Object.hasOwn(texts, key) ? t(key as Key) : t('problem_unknown');
}

/** A date from microseconds since 1970, as the API gives them. */
export const date = (micros: number): Date => new Date(micros / 1000);

/** Swedish of Finland and English as written here; both with the 24-hour clock. */
const TAGS: Record<Locale, string> = { fi: 'fi-FI', sv: 'sv-FI', en: 'en-GB' };

export const time = (at: Date): string => new Intl.DateTimeFormat(TAGS[locale], { hour: 'numeric', minute: '2-digit' }).format(at);

const midnight = (at: Date): number => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();

/** The day in words: today, tomorrow, a weekday within a week, else a date. */
export function day(at: Date, now: Date): string {
	// Rounded, because a day on which clocks change has 23 or 25 hours.
	const days = Math.round((midnight(at) - midnight(now)) / 86_400_000);
	if (days === 0) return t('today');
	if (days === 1) return t('tomorrow');
	if (days === -1) return t('yesterday');
	if (days > 1 && days < 7) return weekday(at);
	const sameYear = at.getFullYear() === now.getFullYear();
	return new Intl.DateTimeFormat(TAGS[locale], { day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) }).format(at);
}

/** "On Monday" as each language says it: Finnish has a case for it. */
function weekday(at: Date): string {
	const name = new Intl.DateTimeFormat(TAGS[locale], { weekday: 'long' }).format(at);
	return locale === 'fi' ? `${name}na` : locale === 'sv' ? `på ${name}` : `on ${name}`;
}

/** A size in the units people know. */
export function size(bytes: number): string {
	const mega = bytes >= 1_000_000;
	const value = bytes / (mega ? 1_000_000 : 1_000);
	return new Intl.NumberFormat(TAGS[locale], { style: 'unit', unit: mega ? 'megabyte' : 'kilobyte', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
