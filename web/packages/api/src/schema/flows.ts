import type { Id, Locale, Time } from './base';

export type FlowTexts = { fi: string; sv: string; en: string };
export type FlowRow = {
	id: string;
	title: FlowTexts;
	enabled: boolean;
	ready: boolean;
	published: number;
	has_draft: boolean;
	needs: string[];
	steps: number;
	flaws: number;
	updated_at: Time | null;
};
export type FlowVersion = { version: number; published_at: Time; published_by: string };
export type FlowDetail = {
	id: string;
	enabled: boolean;
	ready: boolean;
	published: number;
	has_draft: boolean;
	draft_version: number;
	definition: string;
	versions: FlowVersion[];
};
export const STEP_KINDS = ['say', 'ask', 'find', 'branch', 'confirm', 'request', 'person', 'end'] as const;
export type StepKind = (typeof STEP_KINDS)[number];
export type FlowCase = { value: string; is?: string[]; at_most?: string; present?: boolean; next: string };
export type FlowStep = {
	id: string;
	do: StepKind;
	text?: FlowTexts;
	next?: string;
	slot?: string;
	optional?: boolean;
	item?: 'order' | 'invoice' | 'subscription';
	none?: string;
	stranger?: string;
	only?: string[];
	cases?: FlowCase[];
	otherwise?: string;
	yes?: string;
	no?: string;
	kind?: string;
	hand_over?: boolean;
	reason?: string;
};
export const SLOT_KINDS = ['text', 'choice', 'date', 'email', 'phone', 'amount', 'number'] as const;
export type SlotKind = (typeof SLOT_KINDS)[number];
export type FlowSlot = {
	kind: SlotKind;
	title: FlowTexts;
	choices?: { key: string; label: FlowTexts; words?: string[] }[];
	when?: 'future' | 'past';
	within_days?: number;
	at_least?: number;
};
export type FlowDefinition = {
	id: string;
	title: FlowTexts;
	needs: string[];
	confidence: number;
	begins: 'at_once' | 'after_articles';
	requires?: 'order' | 'invoice' | 'subscription';
	values: Record<string, number>;
	slots: Record<string, FlowSlot>;
	step: FlowStep[];
	test: { name: string; locale: Locale }[];
};
export type FlowFlaw = { step: string | null; line: number | null; code: string; message: string };
export type FlowWay = { from: string; way: string; to: string };
export type FlowTestResult = { name: string; passed: boolean; turn: number | null; told: string | null };
export type CheckedFlow = { definition: string; flow: FlowDefinition | null; ways: FlowWay[]; flaws: FlowFlaw[]; tests: FlowTestResult[] };
export type FlowTap = { key: string; label: string };
export type FlowField = { name: string; title: string; value: string; shown: string };
export type TriedFlow = {
	says: { text: string; taps: FlowTap[] }[];
	at: string;
	state: unknown;
	requests: { kind: string; item: [string, string, string] | null; standing: string; fields: FlowField[] }[];
	rule: string;
	missed: boolean;
	reason: string | null;
};
export type BotRequest = {
	id: Id;
	conversation_id: Id;
	contact_id: Id | null;
	contact_name: string | null;
	flow_id: string;
	kind: string;
	item_kind: string | null;
	item_number: string | null;
	standing: 'identified' | 'proved' | 'claimed';
	fields: FlowField[];
	state: 'open' | 'done' | 'declined';
	created_at: Time;
	closed_at: Time | null;
};

/** Something that customers want, as the program knows it. */
export type Need = { id: string; area: string; title: FlowTexts };
export type Gap = {
	title: string;
	need: string | null;
	locale: Locale;
	contacts: number;
	/** Estimated minutes of people's work. */
	cost_minutes: number;
	by_source: Record<string, number>;
	last_at: Time;
	wordings: string[];
	questions: Id[];
	draft: { title: string; body: string; questions: string[]; answers: number };
};
export type GapEffect = {
	article_id: Id;
	title: string;
	closed_at: Time;
	before: number;
	after: number;
	days_after: number;
	change: { ratio: number; low: number; high: number } | null;
};
export type BotExample = {
	id: Id;
	article_id: Id;
	locale: Locale;
	question: string;
	live: boolean;
	created_at: Time;
	created_by: string;
	/** Absent when the article is not published in this language. */
	article_title: string | null;
};
export type Correction = {
	example: BotExample;
	answers_itself: boolean;
	tried: number;
	changed: { question: string; before: string | null; after: string | null; worse: boolean }[];
};
