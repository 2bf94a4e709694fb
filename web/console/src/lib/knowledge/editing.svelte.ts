import { api, Problem, type Article, type ArticleText, type Locale } from '$lib/api';
import { toasts } from '$lib/state/toasts.svelte';

export type Draft = { title: string; summary: string; body: string; questions: string[]; video: string };
const SAVE_MS = 1200;

function draftOf(text: ArticleText | undefined): Draft {
	return { title: text?.title ?? '', summary: text?.summary ?? '', body: text?.body ?? '', questions: [...(text?.questions ?? [])], video: text?.video_url ?? '' };
}

/** One language of one article while it is being written: saves by itself, and never over what somebody else wrote. */
export class Editing {
	draft = $state<Draft>(draftOf(undefined));
	text = $state.raw<ArticleText | undefined>(undefined);
	status = $state<'saved' | 'unsaved' | 'saving' | 'failed' | 'conflict'>('saved');
	/** What somebody else saved meanwhile. */
	theirs = $state.raw<ArticleText | null>(null);
	problem = $state.raw<unknown>(null);
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		readonly article: Article,
		readonly locale: Locale
	) {
		this.text = article.texts[locale];
		this.draft = draftOf(this.text);
	}

	changed(): void {
		if (this.status === 'conflict') return;
		this.status = 'unsaved';
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.save(), SAVE_MS);
	}

	async save(): Promise<boolean> {
		clearTimeout(this.#timer);
		if (this.status === 'saved' || this.status === 'conflict') return this.status === 'saved';
		if (this.draft.title.trim() === '') return false;
		this.status = 'saving';
		const sent = JSON.stringify(this.draft);
		try {
			this.text = await api.articles.saveText(this.article.id, this.locale, {
				title: this.draft.title.trim(),
				body: this.draft.body,
				summary: this.draft.summary.trim() || null,
				questions: this.draft.questions.map((question) => question.trim()).filter((question) => question !== ''),
				video_url: this.draft.video.trim() || null,
				version: this.text?.version ?? 0
			});
			this.problem = null;
			this.status = JSON.stringify(this.draft) === sent ? 'saved' : 'unsaved';
			if (this.status === 'unsaved') this.changed();
			return true;
		} catch (error) {
			this.problem = error;
			if (error instanceof Problem && error.status === 409) {
				const body = error.body as { current?: ArticleText };
				this.theirs = body.current ?? (await api.articles.get(this.article.id).then((fresh) => fresh.texts[this.locale] ?? null, () => null));
				this.status = 'conflict';
			} else {
				this.status = 'failed';
				if (!(error instanceof Problem && error.temporary)) toasts.problem(error);
			}
			return false;
		}
	}

	/** Keeps what stands here and goes on from their version; theirs stays in the versions. */
	async keepMine(): Promise<void> {
		this.text = this.theirs ?? this.text;
		this.theirs = null;
		this.status = 'unsaved';
		await this.save();
	}

	takeTheirs(): void {
		this.take(this.theirs ?? undefined);
		this.theirs = null;
	}

	take(text: ArticleText | undefined): void {
		this.text = text;
		this.draft = draftOf(text);
		this.status = 'saved';
		this.problem = null;
	}
}
