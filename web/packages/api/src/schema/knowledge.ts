import type { ModelUse } from './llm';
import type { Id, Locale, PerLocale, Time } from './base';

export type Category = { id: Id; slug: string; position: number; title: PerLocale; description: PerLocale };
export type ArticleStatus = 'draft' | 'published' | 'changed';
export type ArticleLocaleState = {
	locale: Locale;
	title: string;
	slug: string;
	status: ArticleStatus;
	updated_at: Time;
	outdated: boolean;
};
export type ArticleRow = {
	id: Id;
	category_id: Id;
	audience: 'public' | 'staff';
	updated_at: Time;
	locales: ArticleLocaleState[];
	views: number;
	helpful: number;
	unhelpful: number;
};
export type ArticleText = {
	title: string;
	slug: string;
	summary: string;
	body: string;
	questions: string[];
	video_url: string | null;
	published_revision: number | null;
	draft_revision: number;
	status: ArticleStatus;
	version: number;
	updated_at: Time;
};
export type Article = Omit<ArticleRow, 'locales'> & { texts: PerLocale<ArticleText>; related: Id[]; archived: boolean };
export type ArticleTextInput = {
	title: string;
	body: string;
	summary?: string;
	questions?: string[];
	video_url?: string | null;
	version: number;
};
export type Revision = { revision: number; created_at: Time; created_by: string; title: string; body: string };
export type ImportResult = {
	created: number;
	updated: number;
	unchanged: number;
	rejected: { line: number; reason: string }[];
	preview: { line: number; title: string; body: string; category: string | null; questions: string[]; locale: Locale | null }[];
};

export type BotSettings = {
	enabled: boolean;
	name: string;
	/** How many times worse a wrong answer is than asking back, 1–20. */
	wrong_cost: number;
	unknowns_before_person: number;
	/** Words that send a conversation to people at once, besides the built-in ones. */
	always_person: string[];
	/** Whether questions are read by words alone, or by meaning too where the installation has a model. */
	tier: 'words' | 'meaning';
	/** Own answers to small talk, by kind; what is not here is said in the built-in words. */
	small_talk: Record<string, SmallTalkTexts>;
};
export type SmallTalkTexts = Record<Locale, string>;
export type SmallTalkKind =
	| 'machine'
	| 'insult'
	| 'how_are_you'
	| 'joke'
	| 'wishes'
	| 'praise'
	| 'thanks'
	| 'goodbye'
	| 'greeting'
	| 'sorry'
	| 'laughter'
	| 'understood';
export type BotSmallTalk = { kind: SmallTalkKind; built_in: SmallTalkTexts };

/** Whether the installation has a model for reading meaning. */
export type BotMeaning = {
	state: 'missing' | 'learning' | 'ready' | 'broken';
	/** Name and version of the model. */
	model: string | null;
};
export type BotVerdict = 'answered' | 'asked_back' | 'rejected' | 'handed_over' | 'small_talk' | 'flow';
export type BotTurn = {
	id: Id;
	at: Time;
	question: string;
	language: Locale;
	verdict: BotVerdict;
	confidence: number;
	candidates: { article_id: Id; title: string; score: number; confidence: number; why: string[] }[];
	reason: string | null;
	rule: string;
	model_version: number;
	model_use?: ModelUse | null;
};
