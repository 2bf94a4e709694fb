import { Problem, problemFrom } from './problem';

export type QueryValue = string | number | boolean | null | undefined;
export type Query = Record<string, QueryValue>;
export type Options = { signal?: AbortSignal; keepalive?: boolean; idempotencyKey?: string };

/** The one door to the server. */
export type Client = {
	get<T>(path: string, query?: Query, options?: Options): Promise<T>;
	post<T>(path: string, body?: unknown, options?: Options): Promise<T>;
	put<T>(path: string, body?: unknown, options?: Options): Promise<T>;
	patch<T>(path: string, body?: unknown, options?: Options): Promise<T>;
	delete<T = void>(path: string, body?: unknown, options?: Options): Promise<T>;
	/** Sends a file as a new thing, or in place of the one that is there. */
	upload<T>(path: string, form: FormData, options?: Options): Promise<T>;
	replace<T>(path: string, form: FormData, options?: Options): Promise<T>;
};

export type ClientConfig = {
	/** The workspace that workspace routes are about. */
	workspace: () => string | null;
	/** Called when the session has ended, so that the screen can ask to sign in again. */
	signedOut?: () => void;
	fetch?: typeof fetch;
	base?: string;
};

export function createClient(config: ClientConfig): Client {
	const base = config.base ?? '/api/v1';
	const send = config.fetch ?? ((input: RequestInfo | URL, init?: RequestInit) => fetch(input, init));

	async function request<T>(method: string, path: string, body: unknown, query?: Query, options: Options = {}): Promise<T> {
		const headers: Record<string, string> = { accept: 'application/json', 'x-requested-with': 'ennakoi' };
		const workspace = config.workspace();
		if (workspace) headers['x-ennakoi-workspace'] = workspace;
		if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
		const isForm = typeof FormData !== 'undefined' && body instanceof FormData;
		if (body !== undefined && !isForm) headers['content-type'] = 'application/json';
		const init: RequestInit = { method, headers, credentials: 'same-origin' };
		if (body !== undefined) init.body = isForm ? (body as FormData) : JSON.stringify(body);
		if (options.signal) init.signal = options.signal;
		if (options.keepalive) init.keepalive = true;
		let response: Response;
		try {
			response = await send(base + path + queryString(query), init);
		} catch (error) {
			if (error instanceof DOMException && error.name === 'AbortError') throw error;
			throw new Problem(0, 'offline', error instanceof Error ? error.message : 'no answer');
		}
		if (!response.ok) {
			const problem = await problemFrom(response);
			if (problem.status === 401 && !path.startsWith('/session')) config.signedOut?.();
			throw problem;
		}
		if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
		const text = await response.text();
		return (text === '' ? undefined : JSON.parse(text)) as T;
	}

	return {
		get: (path, query, options) => request('GET', path, undefined, query, options),
		post: (path, body, options) => request('POST', path, body ?? {}, undefined, options),
		put: (path, body, options) => request('PUT', path, body ?? {}, undefined, options),
		patch: (path, body, options) => request('PATCH', path, body ?? {}, undefined, options),
		delete: (path, body, options) => request('DELETE', path, body, undefined, options),
		upload: (path, form, options) => request('POST', path, form, undefined, options),
		replace: (path, form, options) => request('PUT', path, form, undefined, options)
	};
}

/** `?a=1&b=2` without what is absent; empty when nothing is left. */
export function queryString(query: Query | undefined): string {
	if (!query) return '';
	const parts = new URLSearchParams();
	for (const [key, value] of Object.entries(query)) {
		if (value === undefined || value === null || value === '') continue;
		parts.set(key, String(value));
	}
	const text = parts.toString();
	return text === '' ? '' : `?${text}`;
}
