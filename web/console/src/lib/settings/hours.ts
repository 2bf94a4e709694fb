import type { Hours } from '@ennakoi/api';

export type HoursProblem = 'backwards' | 'overlap' | 'incomplete';

/** What is wrong with a day's shifts, or null: each must end after it begins, and none may reach into the next. */
export function hoursProblem(shifts: readonly Hours[]): HoursProblem | null {
	if (shifts.some(([from, to]) => from === '' || to === '')) return 'incomplete';
	if (shifts.some(([from, to]) => to <= from)) return 'backwards';
	const sorted = [...shifts].sort((a, b) => a[0].localeCompare(b[0]));
	return sorted.some((shift, index) => index > 0 && shift[0] < sorted[index - 1]![1]) ? 'overlap' : null;
}
