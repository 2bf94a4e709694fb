/**
 * What the loader (on the company's page) and the panel (in its frame, on our origin) say to each other.
 *
 * Both sides name the exact origin they speak to, take messages only from the one window they know, and pass everything through
 * the readers below: an unknown type or a field of the wrong kind makes the whole message void.
 */

/** A page of the company's site. */
export interface PageSeen {
	url: string;
	title: string;
	referrer: string | null;
}

/** Something for `POST /widget/v1/events`; `at` in microseconds. */
export type Tracked =
	| ({ kind: 'page'; at: number } & PageSeen)
	| { kind: 'track'; name: string; properties: Record<string, unknown>; at: number };

/** What a site may say about its visitor without proof. */
export interface Claimed {
	name?: string;
	email?: string;
	phone?: string;
}

export type ToPanel =
	| {
			type: 'init';
			/** Everything kept for this chat in the page's own storage, by name. */
			stored: Record<string, string>;
			config: unknown;
			locale: string | null;
			theme: string | null;
			small: boolean;
			page: PageSeen | null;
			identity: string | null;
			claimed: Claimed | null;
			events: Tracked[];
	  }
	| { type: 'open'; focus: boolean; small: boolean }
	| { type: 'closed' }
	| { type: 'layout'; small: boolean }
	| { type: 'identify'; token: string }
	| { type: 'update'; claimed: Claimed }
	| { type: 'events'; events: Tracked[] }
	| { type: 'locale'; locale: string }
	| { type: 'theme'; theme: string }
	| { type: 'compose'; text: string }
	| { type: 'stored'; name: string; value: string | null }
	| { type: 'shutdown' };

export type ToLoader =
	| { type: 'hello' }
	| { type: 'close' }
	| { type: 'ended' }
	| { type: 'store'; name: string; value: string | null }
	| { type: 'unread'; count: number }
	| { type: 'message'; author: string; text: string }
	| { type: 'error'; code: string }
	| { type: 'config'; config: unknown }
	| { type: 'locale'; locale: string };

/** The kind of each field; `?` allows null. */
type Kind = 'string' | 'string?' | 'number' | 'boolean' | 'object' | 'object?' | 'array' | 'any';
type Schema<M extends { type: string }> = { [T in M['type']]: { [F in Exclude<keyof Extract<M, { type: T }>, 'type'>]: Kind } };

const TO_PANEL: Schema<ToPanel> = {
	init: { stored: 'object', config: 'any', locale: 'string?', theme: 'string?', small: 'boolean', page: 'object?', identity: 'string?', claimed: 'object?', events: 'array' },
	open: { focus: 'boolean', small: 'boolean' },
	closed: {},
	layout: { small: 'boolean' },
	identify: { token: 'string' },
	update: { claimed: 'object' },
	events: { events: 'array' },
	locale: { locale: 'string' },
	theme: { theme: 'string' },
	compose: { text: 'string' },
	stored: { name: 'string', value: 'string?' },
	shutdown: {}
};

const TO_LOADER: Schema<ToLoader> = {
	hello: {},
	close: {},
	ended: {},
	store: { name: 'string', value: 'string?' },
	unread: { count: 'number' },
	message: { author: 'string', text: 'string' },
	error: { code: 'string' },
	config: { config: 'any' },
	locale: { locale: 'string' }
};

function fits(kind: Kind, value: unknown): boolean {
	if (kind === 'any') return true;
	if (value === null) return kind.endsWith('?');
	if (kind === 'array') return Array.isArray(value);
	if (Array.isArray(value)) return false;
	return typeof value === kind.replace('?', '');
}

function read<M extends { type: string }>(schema: Schema<M>, data: unknown): M | null {
	if (typeof data !== 'object' || data === null) return null;
	const message = data as Record<string, unknown>;
	if (message.ennakoi !== 1 || typeof message.type !== 'string' || !Object.hasOwn(schema, message.type)) return null;
	const fields = schema[message.type as M['type']] as Record<string, Kind>;
	return Object.entries(fields).every(([field, kind]) => fits(kind, message[field])) ? (message as unknown as M) : null;
}

/** A message for the panel, or null when it is none. */
export const readForPanel = (data: unknown): ToPanel | null => read<ToPanel>(TO_PANEL, data);
/** A message for the loader, or null when it is none. */
export const readForLoader = (data: unknown): ToLoader | null => read<ToLoader>(TO_LOADER, data);

/** Marks a message as ours. */
export const sealed = <M extends ToPanel | ToLoader>(message: M): M & { ennakoi: 1 } => ({ ennakoi: 1, ...message });
