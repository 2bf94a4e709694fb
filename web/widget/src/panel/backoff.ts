const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * How long to wait before the next attempt (ms): doubles each time up to half a minute, and anywhere in the upper half of that, so
 * that ten thousand widgets do not come back in the same second. `chance` in [0, 1).
 */
export function delay(attempt: number, chance: number): number {
	const span = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
	return Math.round(span / 2 + (span / 2) * chance);
}
