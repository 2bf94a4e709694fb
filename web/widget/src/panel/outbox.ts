import type { Attachment } from './types';
import { list, readAttachment, record } from './types';

/** A message of the visitor's that the server has not acknowledged. */
export interface Pending {
	/** Chosen once; every attempt carries it, so that a message sent twice is stored once. */
	client_key: string;
	body: string;
	attachments: Attachment[];
	option_key: string | null;
	/** Milliseconds since 1970 by the visitor's clock; orders pending messages among themselves only. */
	created_at: number;
	/** `failed`: the server refused it, trying again by itself would change nothing. */
	state: 'waiting' | 'sending' | 'failed';
	/** Code of the refusal. */
	problem: string | null;
}

export const order = (pending: readonly Pending[]): Pending[] =>
	[...pending].sort((a, b) => a.created_at - b.created_at || (a.client_key < b.client_key ? -1 : 1));

/** The message to send now: the oldest, unless one is under way. What was refused does not hold up the rest. */
export function next(pending: readonly Pending[]): Pending | null {
	if (pending.some((message) => message.state === 'sending')) return null;
	return order(pending).find((message) => message.state === 'waiting') ?? null;
}

/** Name under which a pending message is kept. One entry for each, so that tabs do not overwrite one another's. */
export const storedAs = (clientKey: string): string => `out.${clientKey}`;

export const serialise = ({ state: _state, problem: _problem, ...kept }: Pending): string => JSON.stringify(kept);

/** Reads a kept message; null when it is not one. */
export function revive(name: string, value: string): Pending | null {
	if (!name.startsWith('out.')) return null;
	try {
		const raw = record(JSON.parse(value));
		if (!raw || raw.client_key !== name.slice(4) || typeof raw.body !== 'string' || typeof raw.created_at !== 'number') return null;
		const attachments = list(raw.attachments).map(readAttachment).filter((file) => file !== null);
		const option_key = typeof raw.option_key === 'string' ? raw.option_key : null;
		return { client_key: raw.client_key as string, body: raw.body, attachments, option_key, created_at: raw.created_at, state: 'waiting', problem: null };
	} catch {
		return null;
	}
}
