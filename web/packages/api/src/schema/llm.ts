import type { Id, Locale, Time } from './base';

/** What became of asking a language model. */
export type LlmOutcome = 'used' | 'declined' | 'unsupported' | 'unreadable' | 'forbidden' | 'timeout' | 'failed' | 'paused' | 'busy' | 'budget';
export type LlmSettings = {
	enabled: boolean;
	url: string;
	model: string;
	answers: boolean;
	writing: boolean;
	time_limit_ms: number;
	daily_calls: number;
	daily_tokens: number;
};
export type LlmState = LlmSettings & {
	has_key: boolean;
	private_addresses: boolean;
	paused_until: Time | null;
	today: { calls: number; failures: number; refused: number; tokens: number };
};
export type LlmTrial = { ok: boolean; outcome: LlmOutcome; milliseconds: number };
/** What a turn of the bot owes to the model. */
export type ModelUse = {
	model: string;
	outcome: LlmOutcome;
	milliseconds: number;
	tokens: number;
	sent: string[];
	masked: Record<string, number>;
	tools: string[];
	sentences: { text: string; source: string; support: number }[];
	refused: { text: string; why: string }[];
};
export type WritingTask = 'friendlier' | 'shorter' | 'formal' | 'translate' | 'summarise' | 'draft';
export type WritingTasks = { model: string | null; tasks: WritingTask[] };
export type NewWriting = { task: WritingTask; text?: string; locale?: Locale };
export type Writing = {
	task: WritingTask;
	text: string;
	model: string | null;
	sources: { article_id: Id; title: string; url: string }[];
	changed: string[];
	masked: Record<string, number>;
	fell_back: LlmOutcome | null;
};
