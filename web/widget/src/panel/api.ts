import { Problem, readProblem } from './problem';
import { type Article, type Attachment, type Conversation, list, type Message, readArticles, readAttachment, readConversation, readMessage, readMessages, record } from './types';

const TIMEOUT_MS = 20_000;

/** What the visitor says of themselves, or proves. */
export interface VisitorChange {
	locale?: string;
	identity?: string;
	name?: string;
	email?: string;
	phone?: string;
}

export interface Arrived {
	token: string;
	conversation: Conversation | null;
}

export interface Sent {
	conversation_id: string;
	message: Message;
}

/** The widget's HTTP API. Every call throws a [`Problem`] and nothing else. */
export class Api {
	readonly #key: string;
	readonly #token: () => string | null;
	constructor(
		key: string,
		token: () => string | null
	) {
		this.#key = key;
		this.#token = token;}

	config(locale: string | null): Promise<unknown> {
		return this.#ask('GET', `/widget/v1/${this.#key}/config${locale ? `?locale=${locale}` : ''}`);
	}

	async arrive(body: object): Promise<Arrived> {
		const answer = record(await this.#ask('POST', `/widget/v1/${this.#key}/visitor`, body));
		if (typeof answer?.token !== 'string') throw new Problem(500, 'answer_unreadable');
		return { token: answer.token, conversation: readConversation(answer.conversation) };
	}

	change(body: VisitorChange): Promise<unknown> {
		return this.#ask('PATCH', '/widget/v1/visitor', body);
	}

	leave(): Promise<unknown> {
		return this.#ask('DELETE', '/widget/v1/visitor', undefined, true);
	}

	track(events: object[]): Promise<unknown> {
		return this.#ask('POST', '/widget/v1/events', { events }, true);
	}

	async conversations(): Promise<Conversation[]> {
		return list(await this.#ask('GET', '/widget/v1/conversations')).map(readConversation).filter((found) => found !== null);
	}

	async messages(conversation: string, from: { after_seq?: number; before_seq?: number }): Promise<{ items: Message[]; more: boolean }> {
		const query = new URLSearchParams(Object.entries(from).map(([name, value]) => [name, String(value)]));
		const answer = record(await this.#ask('GET', `/widget/v1/conversations/${conversation}/messages?${query}`));
		return { items: readMessages(answer?.items), more: answer?.has_more === true };
	}

	async send(body: object): Promise<Sent> {
		const answer = record(await this.#ask('POST', '/widget/v1/messages', body));
		const message = readMessage(answer?.message);
		if (!message || typeof answer?.conversation_id !== 'string') throw new Problem(500, 'answer_unreadable');
		return { conversation_id: answer.conversation_id, message };
	}

	seen(conversation: string, seq: number): Promise<unknown> {
		return this.#ask('PUT', `/widget/v1/conversations/${conversation}/seen`, { seq });
	}

	async person(conversation: string | null): Promise<Conversation | null> {
		return readConversation(await this.#ask('POST', '/widget/v1/person', { conversation_id: conversation }));
	}

	async rate(conversation: string, body: { score?: number; solved?: boolean; comment?: string }): Promise<Conversation | null> {
		return readConversation(await this.#ask('PUT', `/widget/v1/conversations/${conversation}/rating`, body));
	}

	async transcript(conversation: string): Promise<{ url: string; text: string }> {
		const answer = record(await this.#ask('GET', `/widget/v1/conversations/${conversation}/transcript`));
		return { url: `${answer?.url}`, text: `${answer?.text_url}` };
	}

	mailTranscript(conversation: string, email: string): Promise<unknown> {
		return this.#ask('POST', `/widget/v1/conversations/${conversation}/transcripts`, { email });
	}

	details(conversation: string, body: object): Promise<unknown> {
		return this.#ask('POST', `/widget/v1/conversations/${conversation}/contact-details`, body);
	}

	async articles(question: string, locale: string, signal: AbortSignal): Promise<Article[]> {
		return readArticles(await this.#ask('GET', `/widget/v1/${this.#key}/articles?${new URLSearchParams({ q: question, locale })}`, undefined, false, signal));
	}

	async #ask(method: string, path: string, body?: unknown, keepalive = false, signal?: AbortSignal): Promise<unknown> {
		const token = this.#token();
		const headers: Record<string, string> = {};
		if (token) headers.authorization = `Visitor ${token}`;
		if (body !== undefined) headers['content-type'] = 'application/json';
		const limit = AbortSignal.timeout(TIMEOUT_MS);
		let response: Response;
		let answer: unknown = null;
		try {
			const request: RequestInit = { method, headers, keepalive, credentials: 'omit', signal: signal ?? limit };
			if (body !== undefined) request.body = JSON.stringify(body);
			response = await fetch(path, request);
			const text = await response.text();
			answer = text === '' ? null : parsed(text);
		} catch {
			throw new Problem(0, 'offline');
		}
		if (!response.ok) throw readProblem(response.status, answer, response.headers.get('retry-after'));
		return answer;
	}

	/** Uploads a file; `progress` hears the share done, 0 to 1. Not `fetch`: that tells nothing of an upload's progress. */
	upload(file: File, progress: (share: number) => void, stop: AbortSignal): Promise<Attachment> {
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest();
			request.open('POST', '/widget/v1/attachments');
			request.setRequestHeader('authorization', `Visitor ${this.#token() ?? ''}`);
			request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
			request.onerror = () => reject(new Problem(0, 'offline'));
			request.onabort = () => reject(new Problem(0, 'stopped'));
			request.onload = () => {
				const answer = parsed(request.responseText);
				if (request.status >= 300) return reject(readProblem(request.status, answer, request.getResponseHeader('retry-after')));
				const attachment = readAttachment(answer);
				if (attachment) resolve(attachment);
				else reject(new Problem(500, 'answer_unreadable'));
			};
			stop.addEventListener('abort', () => request.abort());
			const form = new FormData();
			form.append('file', file);
			request.send(form);
		});
	}
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
