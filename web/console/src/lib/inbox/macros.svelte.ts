/** Which macro somebody wants on which conversations: asked from the palette, the composer, a key or the bulk bar, shown by one dialog. */
import type { Id } from '$lib/api';

class Macros {
	wish = $state.raw<{ macro: Id; ids: readonly Id[]; done?: () => void } | null>(null);

	ask(macro: Id, ids: readonly Id[], done?: () => void): void {
		if (ids.length > 0) this.wish = { macro, ids, ...(done ? { done } : {}) };
	}

	settle(ran: boolean): void {
		const wish = this.wish;
		this.wish = null;
		if (ran) wish?.done?.();
	}
}

export const macros = new Macros();
