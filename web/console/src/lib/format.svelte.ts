import type { Time } from '@ennakoi/api';
import { i18n, t } from '$lib/i18n.svelte';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** The present, in seconds, moving every half minute; whatever shows "5 min ago" hangs on it. */
class Present {
	seconds = $state(Date.now() / 1000);
	start(): () => void {
		const timer = setInterval(() => (this.seconds = Date.now() / 1000), 30_000);
		return () => clearInterval(timer);
	}
}
export const present = new Present();

export const toDate = (time: Time): Date => new Date(time / 1000);
export const nowMicros = (): Time => Date.now() * 1000;

const format = (time: Time, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(i18n.tag, options).format(toDate(time));

export const clock = (time: Time): string => format(time, { hour: 'numeric', minute: '2-digit' });
export const day = (time: Time): string => format(time, { day: 'numeric', month: 'numeric', year: 'numeric' });
export const exact = (time: Time): string => format(time, { dateStyle: 'full', timeStyle: 'short' });
export const dayAndClock = (time: Time): string => format(time, { weekday: 'short', day: 'numeric', month: 'numeric', hour: 'numeric', minute: '2-digit' });

function dayNumber(date: Date): number {
	return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 1000 / DAY);
}

/** Short and steady in width: now, 5 min, 14.05, Tue, 12.3., 12.3.2025. */
export function ago(time: Time): string {
	const seconds = present.seconds - time / 1_000_000;
	if (seconds < MINUTE) return t('time.now');
	if (seconds < HOUR) return t('time.minutes', { count: Math.floor(seconds / MINUTE) });
	const today = dayNumber(new Date(present.seconds * 1000));
	const that = dayNumber(toDate(time));
	if (that === today) return clock(time);
	if (that > today - 7 && that < today) return format(time, { weekday: 'short' });
	if (toDate(time).getFullYear() === new Date(present.seconds * 1000).getFullYear()) return format(time, { day: 'numeric', month: 'numeric' });
	return day(time);
}

/** How long something has lasted: 40 s, 12 min, 3 h, 2 d. */
export function lasting(seconds: number): string {
	if (seconds < MINUTE) return t('time.seconds', { count: Math.max(0, Math.floor(seconds)) });
	if (seconds < HOUR) return t('time.minutes', { count: Math.floor(seconds / MINUTE) });
	if (seconds < 2 * DAY) return t('time.hours', { count: Math.floor(seconds / HOUR) });
	return t('time.days', { count: Math.floor(seconds / DAY) });
}

/** A line between days of a thread: today, yesterday, Tuesday 3 March. */
export function dayLine(time: Time): string {
	const distance = dayNumber(new Date(present.seconds * 1000)) - dayNumber(toDate(time));
	if (distance === 0) return t('time.today');
	if (distance === 1) return t('time.yesterday');
	const thisYear = toDate(time).getFullYear() === new Date(present.seconds * 1000).getFullYear();
	return format(time, { weekday: 'long', day: 'numeric', month: 'long', ...(thisYear ? {} : { year: 'numeric' }) });
}

export function sameDay(a: Time, b: Time): boolean {
	return dayNumber(toDate(a)) === dayNumber(toDate(b));
}

export function money(minor: number, currency: string): string {
	const formatter = new Intl.NumberFormat(i18n.tag, { style: 'currency', currency });
	return formatter.format(minor / 10 ** (formatter.resolvedOptions().maximumFractionDigits ?? 2));
}

/** How many minor units make one of the currency: 100 for euros, 1 for yen. */
const minorsIn = (currency: string): number => 10 ** (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2);
export const toMinor = (value: number, currency: string): number => Math.round(value * minorsIn(currency));
export const fromMinor = (minor: number, currency: string): number => minor / minorsIn(currency);

export const number = (value: number): string => new Intl.NumberFormat(i18n.tag).format(value);
export const percent = (share: number): string => new Intl.NumberFormat(i18n.tag, { style: 'percent', maximumFractionDigits: 0 }).format(share);

export function bytes(count: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
	const step = count < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(count) / 3));
	return new Intl.NumberFormat(i18n.tag, { style: 'unit', unit: units[step]!, unitDisplay: 'short', maximumFractionDigits: step > 1 ? 1 : 0 }).format(
		count / 1000 ** step
	);
}

/** Counts the server capped at 1000 read "999+". */
export const count = (value: number | undefined): string => (value === undefined ? '' : value >= 1000 ? '999+' : number(value));

export function languageName(locale: string): string {
	return new Intl.DisplayNames(i18n.tag, { type: 'language' }).of(locale) ?? locale;
}

/** The present hour in somebody's own time zone, or null when the zone is unknown to this browser. */
export function localClock(timezone: string): string | null {
	try {
		return new Intl.DateTimeFormat(i18n.tag, { hour: 'numeric', minute: '2-digit', timeZone: timezone }).format(present.seconds * 1000);
	} catch {
		return null;
	}
}
