/** What the report's screen works out: periods, names of groups, spans in words, and files. */
import type { Grouping, Measure, ReportFigure } from '$lib/api';
import { t } from '$lib/i18n.svelte';
import { catalogue } from '$lib/state/catalogue.svelte';

export const TIMED: readonly Measure[] = ['first_answer', 'next_answer', 'resolution'];
export const isTimed = (measure: Measure): boolean => TIMED.includes(measure);

/** The start of a day some days ago, in microseconds. */
export function daysAgo(days: number, now = new Date()): number {
	const date = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
	return date.getTime() * 1000;
}

/** A span in the two largest units that matter: 45 s, 12 min, 3 h 5 min, 2 d 4 h. */
export function spanText(seconds: number | null): string {
	if (seconds === null) return '–';
	if (seconds < 60) return t('time.seconds', { count: Math.round(seconds) });
	const minutes = Math.round(seconds / 60);
	if (minutes < 60) return t('time.minutes', { count: minutes });
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return minutes % 60 === 0 ? t('time.hours', { count: hours }) : t('clock.span', { hours, minutes: minutes % 60 });
	return t('time.days', { count: Math.round(hours / 24) });
}

export function groupName(by: Grouping, key: string, day: (key: string) => string): string {
	if (by === 'day') return day(key);
	if (by === 'hour') return `${key}–${String((Number(key) + 1) % 24).padStart(2, '0')}`;
	if (key === '') return t(by === 'agent' ? 'report.nobody' : 'report.nothing');
	const lists = { queue: catalogue.queues, channel: catalogue.channels, label: catalogue.labels };
	const found = by === 'agent' ? catalogue.staffName(key) : lists[by].find((one) => one.id === key)?.name;
	return found ?? t('report.gone');
}

/** The value of a bar: how many, or the median. */
export const barValue = (measure: Measure, figure: ReportFigure, opening: boolean): number => (isTimed(measure) ? ((opening ? figure.open_p50 : figure.p50) ?? 0) : figure.count);

/** By how many per cent it differs from the period before; null when that says nothing. */
export function change(now: number | null, before: number | null): number | null {
	if (now === null || before === null || before === 0) return null;
	return Math.round((now / before - 1) * 100);
}

/** Lines for a spreadsheet. What could be taken for a formula is kept a text. */
export function csv(lines: (string | number | null)[][]): string {
	const cell = (value: string | number | null) => {
		if (value === null) return '';
		if (typeof value === 'number') return String(value);
		const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
		return /[";\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
	};
	return `\uFEFF${lines.map((line) => line.map(cell).join(';')).join('\r\n')}\r\n`;
}

export function save(name: string, text: string): void {
	const link = document.createElement('a');
	link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
