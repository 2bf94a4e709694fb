import type { Id, Locale, Time } from './base';
import type { ConversationRow } from './inbox';

export const CRITERION_KINDS = ['yes_no', 'scale'] as const;
export type CriterionKind = (typeof CRITERION_KINDS)[number];
/** `most` is 1 for yes and no. */
export type Criterion = { id: string; text: string; help: string; kind: CriterionKind; most: number; weight: number; critical: boolean; may_not_apply: boolean };
export type SheetSection = { title: string; criteria: Criterion[] };
export type QualitySheet = { id: Id; version: number; name: string; sections: SheetSection[]; reviews: number; created_by: string; created_at: Time };
export type SheetTemplate = { locale: Locale; name: string; sections: SheetSection[] };
export type QualitySampling = { per_week: number; low_rating: boolean; broken_promise: boolean; reopened: boolean; long_wait_minutes: number | null };
export type ChosenBecause = 'low_rating' | 'broken_promise' | 'reopened' | 'long_wait' | 'sample';
export type QualityCase = { id: Id; conversation_id: Id; agent_id: Id; week: string; reasons: ChosenBecause[]; state: 'waiting' | 'begun'; chosen_at: Time; reviewers: Id[]; conversation: ConversationRow };
/** `value` null: does not apply. */
export type Mark = { value: number | null; note: string };
export type Marks = Record<string, Mark>;
export type ReviewComment = { message_id: Id; body: string };
export type Review = {
	id: Id;
	conversation_id: Id;
	agent_id: Id;
	reviewer_id: Id;
	sheet_id: Id;
	sheet_version: number;
	sheet_name: string;
	state: 'draft' | 'published';
	version: number;
	marks: Marks;
	comments: ReviewComment[];
	summary: string;
	/** Of a thousand. */
	points: number | null;
	failed: boolean;
	created_at: Time;
	published_at: Time | null;
	answer: 'acknowledged' | 'disputed' | null;
	answer_reason: string;
	answered_at: Time | null;
	resolution: 'stands' | 'corrected' | null;
	resolution_note: string;
	resolved_by: Id | null;
	resolved_at: Time | null;
	first_points: number | null;
};
export type ReviewRow = Review & { conversation: ConversationRow };
export type ReviewDetail = ReviewRow & { sections: SheetSection[] };
export type CoachingNote = { id: Id; agent_id: Id; author_id: Id; conversation_id: Id | null; number: number | null; body: string; created_at: Time; seen_at: Time | null };
export type QualityCounts = { waiting: number; disputed: number; unanswered: number; unseen: number };
