/** What of quality waits for this person, and when anything of it has changed. */
import { api, type QualityCounts } from '$lib/api';
import { desk } from './desk.svelte';
import { session } from './session.svelte';

const SOON_MS = 300;
/** The queue fills in the background, after a case was closed. */
const LATER_MS = 2_000;

class Quality {
	counts = $state.raw<QualityCounts | null>(null);
	/** Raised when a review or a note was written, answered or ended. */
	changed = $state(0);
	#timer: ReturnType<typeof setTimeout> | undefined;
	#due: number | null = null;

	start(): () => void {
		void this.load();
		return desk.onChanges((changes) => {
			const own = changes.events.some((event) => event.kind.startsWith('review.') || event.kind.startsWith('coaching.'));
			const closed = session.can('quality:review') && changes.events.some((event) => event.kind === 'conversation.closed' || event.kind === 'conversation.rated');
			if (!own && !closed) return;
			// What is due earlier stays: where cases close all the time, waiting for calm would be waiting for ever.
			const due = Date.now() + (own ? SOON_MS : LATER_MS);
			if (this.#due !== null && this.#due <= due) return;
			clearTimeout(this.#timer);
			this.#due = due;
			this.#timer = setTimeout(
				() => {
					this.#due = null;
					void this.load().then(() => (this.changed += 1));
				},
				due - Date.now()
			);
		});
	}

	/** What one should look at: for the sign in the rail. */
	get open(): number {
		const counts = this.counts;
		return counts ? counts.disputed + counts.unanswered + counts.unseen : 0;
	}

	async load(): Promise<void> {
		if (!session.can('quality:own')) return;
		// Without an answer the sign goes without its number; the screen itself tells what is wrong.
		this.counts = await api.quality.counts().catch(() => this.counts);
	}
}

export const quality = new Quality();
