import type { Id, Time } from './base';

export const HISTORY_FORMATS = ['mbox', 'csv', 'zendesk', 'freshdesk', 'chatwoot', 'zammad'] as const;
export type HistoryFormat = (typeof HISTORY_FORMATS)[number];
/** Past conversations brought along from a file. */
export type HistoryImport = {
	id: Id;
	channel_id: Id;
	format: HistoryFormat;
	source: string;
	name: string;
	bytes: number;
	state: 'checking' | 'checked' | 'running' | 'paused' | 'finished' | 'failed';
	trouble: string | null;
	counts: { total: number; done: number; created: number; updated: number; unchanged: number; rejected: number; messages: number };
	preview: { record: string; subject: string | null; customer: string | null; created_at: Time; state: string; messages: number; by_customer: number; beginning: string; known: boolean }[];
	created_at: Time;
	finished_at: Time | null;
};
export type HistoryRejection = { place: number; record: string; reason: string };
