import { api, type Attachment, type Id } from '$lib/api';
import { catalogue } from '$lib/state/catalogue.svelte';
import { desk, type Detail } from '$lib/state/desk.svelte';
import { nowMicros } from '$lib/format.svelte';

export type Mode = 'reply' | 'note';
type Text = { body: string; attachments: Attachment[] };
const SAVE_MS = 700;

/**
 * The unsent texts of one person in one conversation. Kept by the server, so that they wait on every device; until it has
 * taken them they are kept in this browser too, and nothing typed is lost when the line is down.
 */
export class DraftKeeper {
	texts = $state<Record<Mode, Text>>({ reply: { body: '', attachments: [] }, note: { body: '', attachments: [] } });
	status = $state<'clean' | 'unsaved' | 'saved' | 'local'>('clean');
	#begun = false;
	#touched = new Set<Mode>();
	#unsaved = new Set<Mode>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#mentions = new Set<Id>();

	constructor(readonly conversation: Id) {
		for (const mode of ['reply', 'note'] as const) {
			const kept = localStorage.getItem(this.#place(mode));
			if (kept === null) continue;
			this.texts[mode].body = kept;
			this.#touched.add(mode);
			this.#unsaved.add(mode);
		}
	}

	/** Takes the server's drafts, once, where nothing newer was typed here. */
	begin(draft: Detail['draft']): void {
		if (this.#begun) return;
		this.#begun = true;
		for (const mode of ['reply', 'note'] as const) {
			const stored = draft[mode];
			if (stored && !this.#touched.has(mode)) this.texts[mode] = { body: stored.body, attachments: [...stored.attachments] };
		}
	}

	change(mode: Mode, text: Partial<Text>): void {
		Object.assign(this.texts[mode], text);
		this.#touched.add(mode);
		this.#unsaved.add(mode);
		this.status = 'unsaved';
		this.#keepHere(mode);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.flush(), SAVE_MS);
	}

	/** After sending: the server drops its copy when it has the message; the screen's goes now. */
	clear(mode: Mode): void {
		this.texts[mode] = { body: '', attachments: [] };
		this.#mentions.clear();
		this.#touched.add(mode);
		this.#unsaved.add(mode);
		void this.flush();
	}

	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		for (const mode of [...this.#unsaved]) {
			this.#unsaved.delete(mode);
			const { body, attachments } = this.texts[mode];
			const empty = body.trim() === '' && attachments.length === 0;
			try {
				if (empty) await api.conversations.removeDraft(this.conversation, mode);
				else await api.conversations.saveDraft(this.conversation, { mode, body, attachment_ids: attachments.map((one) => one.id) }, { keepalive: body.length < 60_000 });
				if (!this.#unsaved.has(mode)) localStorage.removeItem(this.#place(mode));
				desk.setDraft(this.conversation, mode, empty ? null : { body, attachments: [...attachments], updated_at: nowMicros() });
				this.status = 'saved';
			} catch {
				this.#unsaved.add(mode);
				this.#keepHere(mode);
				this.status = 'local';
			}
		}
	}

	mention(staff: Id): void {
		this.#mentions.add(staff);
	}

	/** Those who were picked from the list and whose name still stands in the note. */
	mentioned(): Id[] {
		return [...this.#mentions].filter((id) => this.texts.note.body.includes(`@${catalogue.staffName(id) ?? ''}`));
	}

	#keepHere(mode: Mode): void {
		const body = this.texts[mode].body;
		if (body === '') localStorage.removeItem(this.#place(mode));
		else localStorage.setItem(this.#place(mode), body);
	}

	#place(mode: Mode): string {
		return `ennakoi.draft.${this.conversation}.${mode}`;
	}
}
