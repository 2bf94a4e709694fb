import type { Id, Time } from './base';
import type { Calendar, ConversationRow, Priority } from './inbox';

export const FACTS = [
	'state', 'owner', 'assignee', 'queue', 'channel', 'channel_kind', 'label', 'priority', 'language', 'reason', 'subject', 'rating', 'solved',
	'waiting_minutes', 'messages', 'customer_email', 'customer_domain', 'customer_attribute', 'message_text', 'message_language', 'message_attachments', 'hours'
] as const;
export type Fact = (typeof FACTS)[number];
export type FactOperator = 'is' | 'is_not' | 'in' | 'exists' | 'missing' | 'at_least' | 'at_most' | 'contains' | 'contains_not';
export type FactValue = string | number | boolean | null | (string | number | boolean)[];
export type FactTest = { field: Fact; operator: FactOperator; key?: string; value?: FactValue };
/** An empty `all` holds always, an empty `any` never. */
export type FactCondition = { all: FactCondition[] } | { any: FactCondition[] } | { not: FactCondition } | FactTest;

export type ClockKind = 'first_answer' | 'next_answer' | 'resolution' | 'promise';
export type RowClock = { kind: ClockKind; warn_at: Time; due_at: Time };
export type ServiceClock = {
	id: Id;
	kind: ClockKind;
	policy: { id: Id; version: number; name: string } | null;
	promise_id: Id | null;
	started_at: Time;
	/** Seconds of opening hours. */
	target_seconds: number;
	spent_seconds: number;
	paused: boolean;
	warn_at: Time | null;
	due_at: Time | null;
	breached_at: Time | null;
	outcome: 'met' | 'missed' | 'void' | null;
	finished_at: Time | null;
	wall_seconds: number | null;
};
export type ServicePromise = { id: Id; conversation_id: Id; body: string; due_at: Time; state: 'open' | 'kept' | 'withdrawn'; made_by: string; made_at: Time; closed_at: Time | null };
/** A promise that an answer seems to make; nothing is recorded until somebody confirms it. */
export type PromiseProposal = { message_id: Id; body: string; due_at: Time; timed: boolean };
export type ServiceTargets = { first_answer: number | null; next_answer: number | null; resolution: number | null };
export type ServiceDefinition = {
	name: string;
	condition: FactCondition;
	calendar_id: Id | null;
	/** Minutes of opening hours. */
	targets: ServiceTargets;
	pauses: { waiting: boolean; snoozed: boolean };
	warn_percent: number;
};
export type ServicePolicy = ServiceDefinition & { id: Id; version: number; position: number; enabled: boolean; created_at: Time };
export type ServiceVersion = ServiceDefinition & { version: number; cause: 'created' | 'changed' | 'calendar'; created_by: string; created_at: Time; calendar: Calendar | null };

export const WHENS = [
	'opened', 'customer_message', 'answer', 'note', 'handed_over', 'assigned', 'labelled', 'changed', 'closed', 'reopened', 'snoozed', 'woke', 'rated',
	'sla_warned', 'sla_breached', 'promise_made', 'promise_kept'
] as const;
export type When = (typeof WHENS)[number];
export type DeskAction =
	| { kind: 'assign'; agent_id: Id | null }
	| { kind: 'queue'; queue_id: Id }
	| { kind: 'label'; label_id: Id }
	| { kind: 'unlabel'; label_id: Id }
	| { kind: 'priority'; priority: Priority }
	| { kind: 'snooze'; minutes: number | null }
	| { kind: 'close' }
	| { kind: 'note'; body: string }
	| { kind: 'reply'; canned_answer_id: Id }
	| { kind: 'notify'; staff_ids: Id[]; body: string }
	| { kind: 'tell'; topic: string };
export type RuleDefinition = { name: string; when: When[]; condition: FactCondition; actions: DeskAction[]; last: boolean };
export type DeskRule = RuleDefinition & { id: Id; version: number; position: number; enabled: boolean; enabled_at: Time; created_at: Time };
export type RuleRun = {
	id: Id;
	rule_id: Id;
	rule_name: string;
	rule_version: number;
	conversation_id: Id;
	cause: string;
	at: Time;
	depth: number;
	outcome: 'ran' | 'too_deep' | 'braked';
	actions: { kind: DeskAction['kind']; refused: string | null }[];
};
export type RuleTrial = { woken: number; hits: number; cases: number; truncated: boolean; shown: { conversation: ConversationRow; when: When; at: Time; times: number }[] };
export type Macro = { id: Id; name: string; actions: DeskAction[]; shared: boolean };
export type MacroStep = { action: DeskAction; text: string | null; to_customer: boolean; undoable: boolean; refused: string | null };
export type MacroPreview = { conversation_id: Id; steps: MacroStep[] };

export const MEASURES = ['opened', 'asked', 'first_answer', 'next_answer', 'closed', 'resolution', 'reopened'] as const;
export type Measure = (typeof MEASURES)[number];
export const GROUPINGS = ['day', 'hour', 'queue', 'channel', 'agent', 'label'] as const;
export type Grouping = (typeof GROUPINGS)[number];
/** Spans in seconds; null where there is no length. `open_` counts opening hours only. */
export type ReportFigure = { count: number; p50: number | null; p90: number | null; p95: number | null; open_p50: number | null; open_p90: number | null; open_p95: number | null };
export type ReportSummary = {
	measures: { measure: Measure; now: ReportFigure; before: ReportFigure }[];
	backlog: { open: number; waiting: number; age_p50: number | null; age_p90: number | null; truncated: boolean };
};
export type ReportGroup = { key: string; figure: ReportFigure };
export type ReportCase = { at: Time; span_seconds: number | null; open_seconds: number | null; agent_id: Id | null; conversation: ConversationRow };
export type ReportQuery = { from: Time; to: Time; channel?: Id; queue?: Id; agent?: Id; measure?: Measure; by?: Grouping; limit?: number; cursor?: string };

export const STANDINGS = ['met', 'missed', 'running'] as const;
export type Standing = (typeof STANDINGS)[number];
/** 0–1, with its 95 % interval. */
export type Share = { share: number; low: number; high: number };
export type ServiceHeld = { met: number; missed: number; share: Share | null };
export type ServiceLevel = { kind: ClockKind; now: ServiceHeld; before: ServiceHeld; difference: Share | null; late: number; running: number };
export type ServiceCase = { at: Time; kind: ClockKind; target_seconds: number; spent_seconds: number | null; due_at: Time | null; finished_at: Time | null; agent_id: Id | null; conversation: ConversationRow };
export type ServiceQuery = { from: Time; to: Time; channel?: Id; queue?: Id; agent?: Id; kind?: ClockKind; standing?: Standing; limit?: number; cursor?: string };
