/** What a clock says in the few letters that a row has, and how loudly. */
import type { RowClock } from '$lib/api';
import { lasting } from '$lib/format.svelte';
import { t } from '$lib/i18n.svelte';

export function clockText(clock: Pick<RowClock, 'due_at'>, nowSeconds: number): string {
	const left = clock.due_at / 1_000_000 - nowSeconds;
	return left >= 0 ? t('clock.left', { time: lasting(left) }) : t('clock.late', { time: lasting(-left) });
}

/** Calm until the warning; urgent until the target is spent; late after that. */
export function clockTone(clock: Pick<RowClock, 'due_at' | 'warn_at'>, nowSeconds: number): 'calm' | 'soon' | 'late' {
	if (clock.due_at / 1_000_000 <= nowSeconds) return 'late';
	return clock.warn_at / 1_000_000 <= nowSeconds ? 'soon' : 'calm';
}
