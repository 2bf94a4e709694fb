import type { PageSeen, Tracked } from '../shared/protocol';

/** Kept until there is a visitor to send them for. */
const MOST = 50;

/** The page without what may hold personal data: query and fragment go unless the visitor has agreed to be followed. */
export const pageNow = (consent: boolean): PageSeen => ({
	url: consent ? location.href : location.origin + location.pathname,
	title: document.title,
	referrer: (consent && document.referrer) || null
});

/**
 * Pages seen and things done, recorded only with consent. A browser that asks not to be followed (Global Privacy Control) is
 * believed whatever the page says.
 */
export class Tracking {
	#agreed = false;
	#waiting: Tracked[] = [];
	#last = '';
	#hooked = false;
	readonly #deliver: (events: Tracked[]) => boolean;

	/** `deliver` returns false while there is nobody to deliver for. */
	constructor(deliver: (events: Tracked[]) => boolean) {
		this.#deliver = deliver;
	}

	get consent(): boolean {
		return this.#agreed && !(navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl;
	}

	allow(analytics: boolean): void {
		this.#agreed = analytics;
		if (!this.consent) this.#waiting = [];
		else this.#hook();
		this.page();
	}

	/** A page was shown; the same address twice in a row counts once. */
	page(): void {
		const page = pageNow(true);
		if (!this.consent || page.url === this.#last) return;
		this.#last = page.url;
		this.#add({ kind: 'page', at: Date.now() * 1000, ...page });
	}

	track(name: unknown, properties: unknown): void {
		if (this.consent) this.#add({ kind: 'track', name: `${name}`, properties: Object(properties), at: Date.now() * 1000 });
	}

	/** What has been waiting for a visitor. */
	take(): Tracked[] {
		return this.#waiting.splice(0);
	}

	#add(event: Tracked): void {
		if (!this.#deliver([event])) this.#waiting = [...this.#waiting, event].slice(-MOST);
	}

	/** Single-page sites change the address without loading a page. */
	#hook(): void {
		if (this.#hooked) return;
		this.#hooked = true;
		// The title follows the address in most frameworks: look a moment later.
		const changed = (): unknown => setTimeout(() => this.page());
		for (const name of ['pushState', 'replaceState'] as const) {
			const original = history[name];
			history[name] = (...given: Parameters<History['pushState']>) => {
				original.apply(history, given);
				changed();
			};
		}
		addEventListener('popstate', changed);
	}
}
