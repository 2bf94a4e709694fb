import { h, icon, set, write } from '../dom';
import { explain, t } from '../i18n';
import { Problem } from '../problem';
import type { Attachment } from '../types';

/** As the server allows. */
const MOST_BYTES = 20 << 20;
const MOST_FILES = 20;

type Upload = (file: File, progress: (share: number) => void, stop: AbortSignal) => Promise<Attachment>;

interface Item {
	file: File;
	element: HTMLElement;
	bar: HTMLProgressElement;
	note: HTMLElement;
	stop: AbortController;
	attachment: Attachment | null;
	failed: boolean;
}

/** Files on their way to the server, to be sent with the next message. */
export class Uploads {
	readonly #upload: Upload;
	readonly #changed: () => void;
	readonly element = h('ul', { class: 'uploads' });
	readonly #said = h('p', { class: 'sr', role: 'status' });
	#items: Item[] = [];

	constructor(
		upload: Upload,
		/** Something has changed: a file is there, or gone. */
		changed: () => void
	) {
		this.#upload = upload;
		this.#changed = changed;}

	get parts(): HTMLElement[] {
		return [this.element, this.#said];
	}

	get ready(): Attachment[] {
		return this.#items.map((item) => item.attachment).filter((attachment) => attachment !== null);
	}

	/** Whether a file is still going up. */
	get busy(): boolean {
		return this.#items.some((item) => item.attachment === null && !item.failed);
	}

	add(files: Iterable<File>): void {
		for (const file of files) {
			if (this.#items.length >= MOST_FILES) return write(this.#said, t('problem_attachment_ids_too_many'));
			void this.#begin(file);
		}
	}

	/** Forgets the files that went out with a message; what failed stays in sight. */
	clear(): void {
		this.#items = this.#items.filter((item) => {
			if (item.failed) return true;
			item.element.remove();
			return false;
		});
		this.#changed();
	}

	async #begin(file: File): Promise<void> {
		const item = this.#show(file);
		this.#items.push(item);
		this.#changed();
		if (file.size > MOST_BYTES) return this.#fail(item, new Problem(413, 'too_large'));
		try {
			const progress = (share: number): void => {
				item.bar.value = share;
				write(item.note, share < 1 ? t('uploading', { name: '', percent: Math.round(share * 100) }).replace(/^: /, '') : '');
			};
			item.attachment = await this.#upload(file, progress, item.stop.signal);
			item.bar.hidden = true;
			write(item.note, '');
			write(this.#said, t('upload_done', { name: file.name }));
		} catch (error) {
			if (!item.stop.signal.aborted) this.#fail(item, error instanceof Problem ? error : new Problem(0, 'unknown'));
		}
		this.#changed();
	}

	#fail(item: Item, problem: Problem): void {
		item.failed = true;
		item.bar.hidden = true;
		set(item.element, 'class', 'upload failed');
		set(item.note, 'role', 'alert');
		write(item.note, explain(problem));
		if (problem.passing) {
			const again = h('button', { type: 'button', class: 'plain', 'aria-label': t('retry'), title: t('retry'), onclick: () => this.#again(item) }, icon('retry'));
			item.element.append(again);
		}
		this.#changed();
	}

	#again(item: Item): void {
		this.#drop(item);
		void this.#begin(item.file);
	}

	#drop(item: Item): void {
		item.stop.abort();
		item.element.remove();
		this.#items = this.#items.filter((kept) => kept !== item);
		this.#changed();
	}

	#show(file: File): Item {
		const label = t('upload_stop', { name: file.name });
		const bar = h('progress', { max: 1, value: 0, 'aria-label': file.name });
		const note = h('span', { class: 'note' });
		const remove = h('button', { type: 'button', class: 'plain', 'aria-label': label, title: label }, icon('close'));
		const element = h('li', { class: 'upload' }, icon('file'), h('span', { class: 'name' }, file.name), bar, note, remove);
		const item: Item = { file, element, bar, note, stop: new AbortController(), attachment: null, failed: false };
		remove.addEventListener('click', () => this.#drop(item));
		this.element.append(element);
		return item;
	}
}
