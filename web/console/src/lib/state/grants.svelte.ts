/** Requests to give that wait for this person's decision. */
import { api, type GrantRow, type Id } from '$lib/api';
import { desk } from './desk.svelte';
import { session } from './session.svelte';

const MOST = 100;
const SOON_MS = 300;

class Grants {
	asked = $state.raw<GrantRow[] | null>(null);
	/** Raised when something was given, asked for or decided in a conversation. */
	changed = $state.raw<ReadonlyMap<Id, number>>(new Map());
	#timer: ReturnType<typeof setTimeout> | undefined;

	start(): () => void {
		void this.load();
		return desk.onChanges((changes) => {
			const about = changes.events.filter((event) => event.kind.startsWith('grant.'));
			if (about.length === 0) return;
			const next = new Map(this.changed);
			for (const event of about) if (event.conversation) next.set(event.conversation, (next.get(event.conversation) ?? 0) + 1);
			this.changed = next;
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => void this.load(), SOON_MS);
		});
	}

	async load(): Promise<void> {
		if (!session.can('grants:decide')) return;
		// Without an answer the sign goes without its number; the screen itself tells what is wrong.
		this.asked = await api.grants.list({ state: 'asked', limit: MOST }).then((page) => page.items, () => this.asked);
	}
}

export const grants = new Grants();
