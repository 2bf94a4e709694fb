import type { Id, Locale, Time } from './base';
import type { Marks, SheetSection } from './quality';

/** `⟦email 1⟧` stands for what was hidden. */
export type PracticeLine = { speaker: 'customer' | 'agent' | 'bot'; text: string };
/** `article`: the share of the fitting article's own words, 0–1. */
export type AnswerMeasures = { words: number; sentences: number; reading: number; greets: boolean; promises: boolean; article: number | null };
export type PracticeAnswer = {
	text: string;
	measures: AnswerMeasures;
	real: PracticeLine[];
	real_measures: AnswerMeasures;
	waited_seconds: number | null;
	article: { id: Id; title: string } | null;
};
export type PracticeTurn = { before: PracticeLine[]; answer: PracticeAnswer | null };
export type PracticeEnding = { lines: PracticeLine[]; rating: number | null; solved: boolean | null; rating_comment: string | null; came_back: boolean };
export type PracticeScore = { scorer_id: Id; sheet_id: Id; sheet_version: number; marks: Marks; points: number | null; failed: boolean; note: string; created_at: Time };
export type PracticeSheet = { id: Id; version: number; name: string; sections: SheetSection[] };
/** Points are of a thousand. */
export type TrainingExerciseRow = {
	id: Id;
	staff_id: Id;
	turns: number;
	answered: number;
	begun_at: Time;
	finished_at: Time | null;
	shared: boolean;
	preview: string;
	own_points: number | null;
	review_points: number | null;
};
export type TrainingExercise = TrainingExerciseRow & {
	locale: Locale | null;
	example: boolean;
	gone: boolean;
	steps: PracticeTurn[];
	ending: PracticeEnding | null;
	scores: PracticeScore[];
	sheet: PracticeSheet | null;
};
export type NewPracticeScore = { sheet_id: Id; sheet_version: number; marks: Marks; note: string };
export type Practised = { staff_id: Id; exercises: number; answers: number; last_at: Time };
