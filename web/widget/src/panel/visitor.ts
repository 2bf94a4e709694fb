import type { Claimed, PageSeen, Tracked } from '../shared/protocol';
import type { Api, VisitorChange } from './api';
import { Problem } from './problem';
import type { Conversation } from './types';

/** What the visitor needs of the rest. */
export interface Surroundings {
	keep(name: string, value: string | null): void;
	error(code: string): void;
	locale(): string;
	arrived(conversation: Conversation | null): void;
	/** The token stands for somebody else now: what is shown is not theirs. */
	changed(): void;
}

/** Who the visitor is to the server: a token, made when the chat is first opened. */
export class Visitor {
	readonly #api: Api;
	readonly #around: Surroundings;
	token: string | null = null;
	page: PageSeen | null = null;
	#identity: string | null = null;
	#claimed: Claimed | null = null;
	#events: Tracked[] = [];
	#arriving: Promise<void> | null = null;

	constructor(
		api: Api,
		around: Surroundings
	) {
		this.#api = api;
		this.#around = around;}

	/** Whether the site has said who this is. */
	get named(): boolean {
		return this.#identity !== null;
	}

	/** There is a token after this; one is asked for when there was none. */
	async ensure(): Promise<void> {
		if (this.token) return;
		this.#arriving ??= this.#arrive().finally(() => (this.#arriving = null));
		await this.#arriving;
	}

	async #arrive(): Promise<void> {
		const body: Record<string, unknown> = { locale: this.#around.locale() };
		if (this.page) body.page = this.page;
		let arrived;
		try {
			arrived = await this.#api.arrive(this.#identity ? { ...body, identity: this.#identity } : body);
		} catch (error) {
			if (!(error instanceof Problem) || !this.#identity || error.status !== 401) throw error;
			// A bad signature must not keep anybody from asking: they come as nobody in particular.
			this.#around.error(error.code);
			this.#identity = null;
			arrived = await this.#api.arrive(body);
		}
		this.token = arrived.token;
		this.#around.keep('token', arrived.token);
		this.#around.arrived(arrived.conversation);
		if (this.#claimed) await this.#tell(this.#claimed);
		this.track([]);
	}

	/** The token is not known any more: start afresh, keeping what waits to be sent. */
	lost(): void {
		this.token = null;
		this.#around.keep('token', null);
		this.#around.changed();
	}

	/** Takes over a token from another tab, or that it is gone. */
	adopt(token: string | null): void {
		if (token === this.token) return;
		this.token = token;
		this.#around.changed();
	}

	async identify(token: string): Promise<void> {
		if (token === this.#identity) return;
		this.#identity = token;
		if (!this.token) return;
		if (await this.#tell({ identity: token })) this.#around.changed();
	}

	async claim(claimed: Claimed): Promise<void> {
		this.#claimed = { ...this.#claimed, ...claimed };
		if (this.token) await this.#tell(claimed);
	}

	/** What the visitor has typed about themselves. Throws, so that the form can say what is wrong. */
	async introduce(claimed: Claimed): Promise<void> {
		await this.ensure();
		await this.#api.change(claimed);
	}

	async speak(locale: string): Promise<void> {
		if (this.token) await this.#tell({ locale });
	}

	async #tell(change: VisitorChange): Promise<boolean> {
		try {
			await this.#api.change(change);
			return true;
		} catch (error) {
			this.#around.error(error instanceof Problem ? error.code : 'unknown');
			return false;
		}
	}

	/** Reports pages and doings; they wait until there is a visitor. */
	track(events: Tracked[]): void {
		this.#events.push(...events);
		if (!this.token || this.#events.length === 0) return;
		const going = this.#events.splice(0, 50);
		this.#api.track(going).catch((error: unknown) => this.#around.error(error instanceof Problem ? error.code : 'unknown'));
	}

	async leave(): Promise<void> {
		const { token } = this;
		if (!token) return;
		try {
			await this.#api.leave();
		} catch (error) {
			this.#around.error(error instanceof Problem ? error.code : 'unknown');
		}
		this.token = null;
	}
}
