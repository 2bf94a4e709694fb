import { type Locale, pickLocale } from '../shared/locale';
import { type Claimed, readForLoader, sealed, type ToPanel, type Tracked } from '../shared/protocol';
import { Flash } from './flash';
import { Storage } from './storage';
import { Surface } from './surface';
import { TEXTS } from './texts';
import { pageNow, Tracking } from './tracking';

/** Where the loader came from, and what its tag says. */
export interface Origin {
	/** Origin of the server. */
	base: string;
	nonce: string;
	attributes: DOMStringMap;
}

/** What `boot` takes; every part is optional when the tag carries `data-key`. */
interface BootOptions {
	key?: string;
	locale?: string;
	theme?: string;
	/** `none`: the site opens the chat by its own button. */
	launcher?: string;
	side?: 'left' | 'right';
	/** Distance from the page's lower edge in pixels, e.g. above a cookie banner. */
	bottom?: number | string;
	consent?: { analytics?: boolean };
}

/** The few things of the configuration that the page's side needs; the panel reads the rest. */
interface Config {
	brand?: { color?: string; launcher?: string };
	workspace?: { name?: string };
	locale?: string;
}

type Listener = (detail?: unknown) => void;

/** The panel is given up when it has not spoken after this long. */
const PATIENCE_MS = 15_000;
/** How long a panel that was told to end may take to sign out. */
const FAREWELL_MS = 1_500;
/** A chat younger than this is followed while closed, so that an answer can be announced. */
const FOLLOWED_MS = 7 * 86_400_000;

/** The site's side of the chat. Its public methods are the commands of `Ennakoi(…)`. */
export class Widget {
	readonly #origin: Origin;
	#options: BootOptions;
	#store: Storage | null = null;
	#surface: Surface | null = null;
	#frame: HTMLIFrameElement | null = null;
	/** Whether the panel has introduced itself. */
	#alive = false;
	#patience = 0;
	#config: Config | null = null;
	#locale: Locale = 'en';
	#open = false;
	#hidden = false;
	#unread = 0;
	#identity: string | null = null;
	#claimed: Claimed | null = null;
	/** Waits for the panel. */
	#queue: ToPanel[] = [];
	#returnTo: Element | null = null;
	#unwatch: (() => void) | null = null;
	readonly #listeners: Record<string, Set<Listener>> = {};
	readonly #flash = new Flash();
	readonly #tracking = new Tracking((events) => this.#deliver(events));
	readonly #small = matchMedia('(max-width: 480px), (max-height: 480px)');

	constructor(origin: Origin) {
		this.#origin = origin;
		this.#options = origin.attributes as BootOptions;
		addEventListener('message', (event) => this.#hear(event));
		document.addEventListener('visibilitychange', () => document.hidden || this.#flash.set(''));
		this.#small.onchange = () => this.#layout();
		const fit = (): void => this.#surface?.fit();
		visualViewport?.addEventListener('resize', fit);
		visualViewport?.addEventListener('scroll', fit);
	}

	/** Shows the launcher. A second call with the same key only takes over the options. */
	async boot(options: BootOptions = {}): Promise<void> {
		this.#options = { ...this.#options, ...options };
		const { key } = this.#options;
		if (!key) return this.#fail('key_missing');
		if (options.consent) this.consent(options.consent);
		if (this.#surface) {
			if (options.locale) this.setLocale(options.locale);
			if (options.theme) this.setTheme(options.theme);
			return this.#paint();
		}
		this.#store = new Storage(key);
		this.#locale = this.#wish ?? 'en';
		const surface = new Surface(TEXTS[this.#locale], this.#origin.nonce, {
			toggle: () => this.toggle(),
			open: () => this.open(),
			close: () => this.close(),
			intent: () => this.#prepare()
		});
		this.#surface = surface;
		document.body.append(surface.host);
		this.#unwatch = this.#store.watch((name, value) => this.#post({ type: 'stored', name, value }));
		const allowed = await this.#fetchConfig(key);
		if (this.#surface !== surface) return;
		if (!allowed) return this.shutdown();
		this.#paint();
		if (this.#open || this.#queue.length || this.#followed()) this.#prepare();
		this.#emit('ready');
	}

	/** The language to begin in. What counts, in this order: the visitor's choice, the site's, the page's, the browser's. */
	get #wish(): Locale | null {
		return pickLocale([this.#store?.get('locale'), this.#options.locale, document.documentElement.lang, ...navigator.languages]);
	}

	/** False only when the server says that there is no such chat for this site. */
	async #fetchConfig(key: string): Promise<boolean> {
		const wish = this.#wish;
		try {
			const response = await fetch(`${this.#origin.base}/widget/v1/${key}/config${wish ? `?locale=${wish}` : ''}`, { credentials: 'omit' });
			if (response.ok) this.#config = await response.json();
			if (response.status === 404) this.#fail('chat_unknown');
			else if (response.status === 403) this.#fail('origin_not_allowed');
			else return true;
			return false;
		} catch {
			// The page's policy may forbid the request, or the net is away: the panel, on its own origin, asks again.
			return true;
		}
	}

	#paint(): void {
		const surface = this.#surface;
		if (!surface) return;
		const { brand, workspace, locale } = this.#config ?? {};
		const { bottom, launcher, side, theme } = this.#options;
		this.#locale = pickLocale([locale]) ?? this.#locale;
		const scheme = theme === 'dark' || theme === 'light' ? theme : 'light dark';
		surface.brand(brand?.color ?? '', (side ?? brand?.launcher) === 'left', Number(bottom ?? -1), workspace?.name ?? '', scheme);
		surface.speak(TEXTS[this.#locale], this.#locale);
		surface.launcher.hidden = launcher === 'none' || this.#hidden;
	}

	/** A conversation goes on: answers must be noticed while the panel is closed. */
	#followed(): boolean {
		return !!this.#store?.get('token') && Date.now() - Number(this.#store.get('talk')) < FOLLOWED_MS;
	}

	/** Loads the panel, hidden; nothing is stored and nobody is told of the visitor until it opens. */
	#prepare(): void {
		const surface = this.#surface;
		if (!surface || this.#frame) return;
		const hash = new URLSearchParams({ origin: location.origin, locale: this.#locale });
		this.#frame = surface.addFrame(`${this.#origin.base}/w/v1/panel/${this.#options.key}#${hash}`);
		this.#patience = window.setTimeout(() => {
			surface.unavailable();
			this.#frame = null;
			this.#fail('panel_unavailable');
		}, PATIENCE_MS);
	}

	#hear(event: MessageEvent): void {
		if (!this.#frame || event.origin !== this.#origin.base || event.source !== this.#frame.contentWindow) return;
		const message = readForLoader(event.data);
		switch (message?.type) {
			case 'hello':
				return this.#introduce();
			case 'close':
				return this.close();
			case 'store':
				return this.#store?.set(message.name, message.value);
			case 'unread':
				return this.#count(message.count);
			case 'message':
				if (!this.#open) this.#surface?.notify(message.author, message.text);
				return this.#emit('message', { author: message.author, text: message.text });
			case 'error':
				return this.#fail(message.code);
			case 'config':
				this.#config = Object(message.config) as Config;
				return this.#paint();
			case 'locale':
				return this.#speak(message.locale);
		}
	}

	/** The panel is there: it gets what is known, then what waited for it. */
	#introduce(): void {
		clearTimeout(this.#patience);
		this.#alive = true;
		this.#send({
			type: 'init',
			stored: this.#store?.all() ?? {},
			config: this.#config,
			locale: this.#wish,
			theme: this.#options.theme ?? null,
			small: this.#small.matches,
			page: pageNow(this.#tracking.consent),
			identity: this.#identity,
			claimed: this.#claimed,
			events: this.#tracking.take()
		});
		for (const message of this.#queue.splice(0)) this.#send(message);
		if (this.#open) this.#layout();
	}

	#send(message: ToPanel): void {
		this.#frame?.contentWindow?.postMessage(sealed(message), this.#origin.base);
	}

	/** To the panel, if it is loaded; what it is told first (`init`) carries the rest. */
	#post(message: ToPanel): void {
		if (this.#alive) this.#send(message);
	}

	/** To the panel, now or when it is loaded. */
	#ask(message: ToPanel): void {
		if (this.#alive) this.#send(message);
		else this.#queue.push(message);
	}

	open(): void {
		if (!this.#surface) return;
		// Only who has just clicked or pressed a key is taken into the panel; a script that opens it steals no focus.
		const focus = navigator.userActivation?.isActive ?? true;
		if (!this.#open) {
			this.#returnTo = document.activeElement;
			this.#open = true;
			this.#prepare();
			this.#surface.show(true, this.#small.matches, this.#alive);
			this.#flash.set('');
			this.#emit('open');
		}
		this.#ask({ type: 'open', focus, small: this.#small.matches });
		if (focus) this.#frame?.focus();
	}

	close(): void {
		if (!this.#surface || !this.#open) return;
		const { host, launcher } = this.#surface;
		const inside = document.activeElement === host || this.#small.matches;
		this.#open = false;
		this.#queue = [];
		this.#surface.show(false, this.#small.matches, this.#alive);
		this.#post({ type: 'closed' });
		const back = this.#returnTo;
		if (inside) (back instanceof HTMLElement && back.isConnected && back !== document.body && back !== host ? back : launcher).focus();
		this.#emit('close');
	}

	toggle(): void {
		if (this.#open) this.close();
		else this.open();
	}

	show(): void {
		this.#hidden = false;
		this.#paint();
	}

	hide(): void {
		this.#hidden = true;
		this.close();
		this.#paint();
	}

	newMessage(text: unknown = ''): void {
		this.open();
		this.#ask({ type: 'compose', text: `${text}` });
	}

	/** Takes a JWT that the site's own server has signed. */
	identify(token: unknown): void {
		this.#identity = `${token}`;
		this.#post({ type: 'identify', token: this.#identity });
	}

	/** What the site says about the visitor without proof: name, email, phone, locale. */
	update(claimed: Claimed & { locale?: unknown } = {}): void {
		if (claimed.locale) this.setLocale(claimed.locale);
		this.#claimed = { ...this.#claimed, ...claimed };
		this.#post({ type: 'update', claimed });
	}

	setLocale(wish: unknown): void {
		const locale = pickLocale([`${wish}`]);
		if (!locale) return this.#fail('locale_unknown');
		this.#options.locale = locale;
		this.#speak(locale);
		this.#post({ type: 'locale', locale });
	}

	#speak(wish: string): void {
		this.#locale = pickLocale([wish]) ?? this.#locale;
		this.#surface?.speak(TEXTS[this.#locale], this.#locale);
	}

	setTheme(theme: unknown): void {
		if (!/^(light|dark|auto)$/.test(`${theme}`)) return this.#fail('theme_unknown');
		this.#options.theme = `${theme}`;
		this.#paint();
		this.#post({ type: 'theme', theme: `${theme}` });
	}

	consent(given: { analytics?: unknown } = {}): void {
		this.#tracking.allow(given.analytics === true);
	}

	track(name: unknown, properties: unknown): void {
		this.#tracking.track(name, properties);
	}

	page(): void {
		this.#tracking.page();
	}

	on(name: string, listener: Listener): void {
		(this.#listeners[name] ??= new Set()).add(listener);
		if (name === 'ready' && this.#config) listener();
	}

	off(name: string, listener?: Listener): void {
		if (listener) this.#listeners[name]?.delete(listener);
		else delete this.#listeners[name];
	}

	/** Forgets the visitor here and on the server; `boot` begins again with nobody. */
	shutdown(): void {
		const surface = this.#surface;
		const token = this.#store?.get('token');
		this.close();
		this.#count(0);
		this.#store?.clear();
		this.#unwatch?.();
		if (this.#alive) {
			// The panel signs out: no policy of the page hinders it. It goes when it has had the time.
			this.#send({ type: 'shutdown' });
		} else if (token) {
			const ask = { method: 'DELETE', headers: { authorization: `Visitor ${token}` }, keepalive: true, credentials: 'omit' } as const;
			fetch(`${this.#origin.base}/widget/v1/visitor`, ask).catch(() => this.#fail('sign_out_not_sent'));
		}
		clearTimeout(this.#patience);
		this.#surface = this.#frame = this.#config = this.#identity = this.#claimed = null;
		this.#alive = false;
		this.#tracking.take();
		if (!surface) return;
		surface.host.hidden = true;
		setTimeout(() => surface.host.remove(), FAREWELL_MS);
	}

	#deliver(events: Tracked[]): boolean {
		if (!this.#alive || !this.#store?.get('token')) return false;
		this.#send({ type: 'events', events });
		return true;
	}

	#count(count: number): void {
		if (count === this.#unread) return;
		this.#unread = count;
		this.#surface?.count(count);
		this.#flash.set(count ? `(${count}) ${TEXTS[this.#locale].fresh}` : '');
		this.#emit('unread', count);
	}

	#layout(): void {
		if (this.#open) this.#surface?.show(true, this.#small.matches, this.#alive);
		this.#post({ type: 'layout', small: this.#small.matches });
	}

	#fail(code: string): void {
		this.#emit('error', { code });
	}

	/** A listener of the site that throws is the site's affair, never the chat's. */
	#emit(name: string, detail?: unknown): void {
		for (const listener of this.#listeners[name] ?? []) {
			try {
				listener(detail);
			} catch (error) {
				reportError(error);
			}
		}
	}
}
