/** What this person has been told: the number beside the bell, and the list behind it. */
import { api, type Id, type Notice } from '$lib/api';
import { desk } from './desk.svelte';
import { attempt } from './toasts.svelte';

const PAGE = 30;
const SOON_MS = 250;

class Bell {
	unread = $state(0);
	items = $state.raw<Notice[] | null>(null);
	cursor = $state.raw<string | null>(null);
	problem = $state.raw<unknown>(null);
	open = $state(false);
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Call when something may have changed; several calls are one question. */
	changed(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#refresh(), SOON_MS);
	}

	async #refresh(): Promise<void> {
		// Without an answer the bell stays as it is; the list itself tells what is wrong.
		this.unread = await api.notices.counts().then((counts) => counts.unread, () => this.unread);
		if (this.open) await this.#renew();
	}

	/** The newest page anew; older pages that were opened stay, unless something lies between. */
	async #renew(): Promise<void> {
		try {
			const page = await api.notices.list({ limit: PAGE });
			const known = new Set(page.items.map((one) => one.id));
			const before = this.items ?? [];
			const oldest = page.items.at(-1)?.at ?? 0;
			const joined = page.next_cursor !== null && before.some((one) => known.has(one.id));
			const older = joined ? before.filter((one) => !known.has(one.id) && one.at <= oldest) : [];
			this.items = [...page.items, ...older];
			if (older.length === 0) this.cursor = page.next_cursor;
			this.problem = null;
		} catch (problem) {
			this.problem = problem;
		}
	}

	async load(more = false): Promise<void> {
		try {
			const page = await api.notices.list(more && this.cursor ? { limit: PAGE, cursor: this.cursor } : { limit: PAGE });
			this.items = more ? [...(this.items ?? []), ...page.items] : page.items;
			this.cursor = page.next_cursor;
			this.problem = null;
		} catch (problem) {
			this.problem = problem;
		}
	}

	async read(id: Id): Promise<void> {
		const notice = this.items?.find((one) => one.id === id);
		if (!notice?.unread) return;
		this.items = (this.items ?? []).map((one) => (one.id === id ? { ...one, unread: false } : one));
		this.unread = Math.max(0, this.unread - 1);
		await attempt(() => api.notices.read(id));
	}

	async readAll(): Promise<void> {
		this.items = (this.items ?? []).map((one) => ({ ...one, unread: false }));
		this.unread = 0;
		await attempt(() => api.notices.readAll());
	}

	start(): () => void {
		this.changed();
		return () => clearTimeout(this.#timer);
	}
}

export const bell = new Bell();

/** Where a notice leads. */
export function placeOf(notice: Notice): string {
	if (notice.kind === 'review') return '/app/quality';
	if (notice.kind === 'approval_asked') return '/app/approvals';
	if (notice.conversation_id) return `/app/inbox/all/${notice.conversation_id}`;
	return '/app/inbox/unassigned';
}

/** When the desk says so, the bell asks again. */
export const listen = (): void => {
	void desk.noticed;
	bell.changed();
};
