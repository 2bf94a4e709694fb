import type { Id, Locale, PerLocale, Time } from './base';

export type GuideChoice = { label: PerLocale; to: string };
export type GuideStep = {
	id: string;
	text: PerLocale;
	picture_url: string | null;
	picture_alt: PerLocale;
	video_url: string | null;
	choices: GuideChoice[];
};
export type Guide = { title: PerLocale; summary: PerLocale; questions: Partial<Record<Locale, string[]>>; steps: GuideStep[] };
export type GuideView = {
	id: Id;
	slug: string;
	guide: Guide;
	version: number;
	/** 0: nothing is public. */
	published: number;
	updated_at: Time;
	complete: Locale[];
	flaws: { path: string; code: 'required' | 'no_complete_language' | 'unknown_step' | 'unreachable' }[];
};
export type GuideCount = { step: string; shown: number; to: Record<string, number>; solved: number; unsolved: number; person: number; left: number };
