import type { Id, Locale, Time } from './base';
import type { LlmOutcome } from './llm';

export type CareKind =
	| 'contradiction'
	| 'past_date'
	| 'dead_link'
	| 'falling'
	| 'unhelpful'
	| 'duplicate'
	| 'missing_translation'
	| 'outdated_translation'
	| 'old';
export type CareArticle = { id: Id; title: string; published_at: Time; views: number };
export type Helpfulness = { helpful: number; unhelpful: number; share: number; low: number; high: number };
/** Something in the knowledge bank to look at. */
export type CareFinding = {
	kind: CareKind;
	mark: string;
	locale: Locale;
	article: CareArticle;
	other: CareArticle | null;
	passages: string[];
	values: string[];
	missing: Locale[];
	/** The last 28 days and the 84 before them. */
	helpfulness: [Helpfulness, Helpfulness] | null;
	likeness: number | null;
};
export type TranslatedText = { title: string; summary: string; body: string; questions: string[] };
export type Translations = {
	model: string | null;
	texts: Partial<Record<Locale, { text: TranslatedText; translated: boolean; changed: string[]; fell_back: LlmOutcome | null }>>;
};
