import { api, type Attachment, type Id } from '$lib/api';
import { catalogue } from '$lib/state/catalogue.svelte';
import { desk, type Detail } from '$lib/state/desk.svelte';
import { nowMicros } from '$lib/format.svelte';
import { t } from '$lib/i18n.svelte';

export type Mode = 'reply' | 'note';
const REMEMBERED = 'ennakoi.attachments';
const MOST_REMEMBERED = 50;

/** Drafts name their attachments by id only; what they are called is remembered by the browser that added them. */
export function rememberAttachment(attachment: Attachment): void {
	const all = JSON.parse(localStorage.getItem(REMEMBERED) ?? '[]') as Attachment[];
	localStorage.setItem(REMEMBERED, JSON.stringify([attachment, ...all.filter((one) => one.id !== attachment.id)].slice(0, MOST_REMEMBERED)));
}

function rememberedAttachment(id: Id): Attachment {
	const all = JSON.parse(localStorage.getItem(REMEMBERED) ?? '[]') as Attachment[];
	return all.find((one) => one.id === id) ?? { id, name: t('field.file'), media_type: 'application/octet-stream', bytes: 0, url: '', width: null, height: null };
}

const joined = (...texts: string[]): string => texts.filter((text) => text !== '').join('\n\n');

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
	/** Kept by this browser from an earlier visit: newer than the server's, and grown out of it. */
	#kept = new Set<Mode>();
	#unsaved = new Set<Mode>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#mentions = new Set<Id>();

	constructor(readonly conversation: Id) {
		for (const mode of ['reply', 'note'] as const) {
			const kept = localStorage.getItem(this.#place(mode));
			if (kept !== null) this.#kept.add(mode);
			// Typed in an earlier visit that ended before the server's draft had come.
			const early = localStorage.getItem(this.#earlyPlace(mode));
			if (kept === null && early === null) continue;
			this.texts[mode].body = joined(kept ?? '', early ?? '');
			this.#touched.add(mode);
			this.#unsaved.add(mode);
		}
	}

	/** Takes the server's drafts, once; what was typed before they came goes below them. Nothing is sent to the server before. */
	begin(draft: Detail['draft']): void {
		if (this.#begun) return;
		this.#begun = true;
		for (const mode of ['reply', 'note'] as const) {
			localStorage.removeItem(this.#earlyPlace(mode));
			const stored = draft[mode];
			const early = this.texts[mode];
			const text = { body: joined(stored?.body ?? '', early.body), attachments: [...(stored?.attachment_ids ?? []).map(rememberedAttachment), ...early.attachments] };
			if (stored && !this.#touched.has(mode)) this.texts[mode] = text;
			else if (stored && !this.#kept.has(mode)) this.change(mode, text);
			else if (this.#touched.has(mode)) this.change(mode, {});
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
		this.#keepHere(mode);
		void this.flush();
	}

	async flush(): Promise<void> {
		clearTimeout(this.#timer);
		if (!this.#begun) return;
		for (const mode of [...this.#unsaved]) {
			this.#unsaved.delete(mode);
			const { body, attachments } = this.texts[mode];
			const empty = body.trim() === '' && attachments.length === 0;
			try {
				if (empty) await api.conversations.removeDraft(this.conversation, mode);
				else await api.conversations.saveDraft(this.conversation, { mode, body, attachment_ids: attachments.map((one) => one.id) }, { keepalive: body.length < 60_000 });
				if (!this.#unsaved.has(mode)) localStorage.removeItem(this.#place(mode));
				desk.setDraft(this.conversation, mode, empty ? null : { body, attachment_ids: attachments.map((one) => one.id), updated_at: nowMicros() });
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
		const place = this.#begun || this.#kept.has(mode) ? this.#place(mode) : this.#earlyPlace(mode);
		if (body === '') localStorage.removeItem(place);
		else localStorage.setItem(place, body);
	}

	#earlyPlace(mode: Mode): string {
		return `ennakoi.early.${this.conversation}.${mode}`;
	}

	#place(mode: Mode): string {
		return `ennakoi.draft.${this.conversation}.${mode}`;
	}
}
