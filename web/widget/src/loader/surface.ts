import { brandOf, css, groundOf } from '../shared/colour';
import styles from './style.css?inline';
import type { Texts } from './texts';

type Attributes = Record<string, string>;

/** Made node by node: a page that demands Trusted Types refuses markup as text. */
function make<E extends Element>(element: E, attributes: Attributes, ...children: Node[]): E {
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
	element.append(...children);
	return element;
}

const div = (attributes: Attributes, ...children: Node[]): HTMLDivElement => make(document.createElement('div'), attributes, ...children);

function button(name: string, pressed: () => void, ...children: Node[]): HTMLButtonElement {
	const made = make(document.createElement('button'), { type: 'button', class: name }, ...children);
	made.onclick = pressed;
	return made;
}

function icon(path: string): SVGElement {
	const node = (name: string, attributes: Attributes, ...children: Node[]): SVGElement =>
		make(document.createElementNS('http://www.w3.org/2000/svg', name) as SVGElement, attributes, ...children);
	return node('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, node('path', { d: path }));
}

const CHAT = 'M4 5.5h16v11h-9.5L6 20v-3.5H4zM8 9.5h8M8 12.5h5';
const DOWN = 'M5 9l7 7 7-7';
const CROSS = 'M6 6l12 12M18 6L6 18';

/** What the visitor does on the surface. */
export interface Touched {
	toggle(): void;
	close(): void;
	open(): void;
	/** The visitor seems about to open. */
	intent(): void;
}

/** Everything that the widget puts on the company's page: one element with a closed shadow root. */
export class Surface {
	/** Not registered as a custom element; the name only keeps the page's rules for `div` away. */
	readonly host = document.createElement('ennakoi-widget');
	readonly launcher: HTMLButtonElement;
	readonly #badge = make(document.createElement('span'), { class: 'badge', 'aria-hidden': 'true' });
	readonly #panel = div({ class: 'panel', id: 'panel', role: 'dialog', hidden: '' });
	readonly #note: HTMLElement;
	readonly #noteText: HTMLButtonElement;
	readonly #dismiss: HTMLButtonElement;
	readonly #root: HTMLElement;
	readonly #inert: Element[] = [];
	#texts: Texts;
	#unread = 0;
	#open = false;
	#small = false;
	/** Whether the panel has a way out of its own. */
	#alive = false;
	#company = '';

	constructor(texts: Texts, nonce: string, touched: Touched) {
		this.#texts = texts;
		this.launcher = button('launcher', touched.toggle, icon(CHAT), this.#badge);
		this.launcher.onpointerenter = this.launcher.onfocus = touched.intent;
		make(this.launcher, { 'aria-controls': 'panel', hidden: '' });
		this.#noteText = button('text', touched.open);
		this.#dismiss = button('', () => this.#hideNote(), icon(CROSS));
		this.#note = div({ class: 'note', hidden: '' }, this.#noteText, this.#dismiss);
		this.#root = div({ class: 'root' }, this.#panel, div({ role: 'status' }, this.#note), this.launcher);
		this.#panel.onkeydown = ({ key }) => key === 'Escape' && touched.close();
		const shadow = this.host.attachShadow({ mode: 'closed' });
		this.#adopt(shadow, nonce);
		shadow.append(this.#root);
	}

	/** Constructable stylesheets need no 'unsafe-inline'; browsers without them get an element with the script's nonce. */
	#adopt(shadow: ShadowRoot, nonce: string): void {
		try {
			const sheet = new CSSStyleSheet();
			sheet.replaceSync(styles);
			shadow.adoptedStyleSheets = [sheet];
		} catch {
			const element = document.createElement('style');
			element.nonce = nonce;
			element.textContent = styles;
			shadow.append(element);
		}
	}

	brand(colour: string, left: boolean, bottom: number, company: string, scheme: string): void {
		const [ground, text] = groundOf(brandOf(colour));
		this.#style('--brand', css(ground));
		this.#style('--on-brand', css(text));
		this.#style('color-scheme', scheme);
		if (bottom >= 0) this.#style('--bottom', `${bottom}px`);
		this.#root.classList.toggle('left', left);
		this.#company = company;
	}

	#style(name: string, value: string): void {
		this.#root.style.setProperty(name, value);
	}

	speak(texts: Texts, locale: string): void {
		this.#texts = texts;
		this.#root.lang = locale;
		this.#say();
	}

	count(unread: number): void {
		this.#unread = unread;
		if (!unread) this.#hideNote();
		this.#say();
	}

	/** A new message while the panel is closed: shown and announced, never focused. */
	notify(author: string, text: string): void {
		if (this.launcher.hidden) return;
		this.#note.hidden = false;
		this.#noteText.textContent = `${author}: ${text}`;
	}

	#hideNote(): void {
		this.#note.hidden = true;
	}

	#say(): void {
		const texts = this.#texts;
		const unread = this.#unread;
		const label = this.#open ? texts.close : unread ? texts.unread.replace('{count}', `${unread}`) : texts.open;
		make(this.launcher, { 'aria-label': label, title: label, 'aria-expanded': `${this.#open}` });
		make(this.#dismiss, { 'aria-label': texts.dismiss });
		make(this.#panel, { 'aria-label': this.#title() });
		this.#badge.hidden = this.#open || !unread;
		this.#badge.textContent = unread > 9 ? '9+' : `${unread}`;
	}

	#title(): string {
		return this.#texts.title.replace('{company}', this.#company);
	}

	addFrame(address: string): HTMLIFrameElement {
		const sandbox = 'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads';
		const frame = make(document.createElement('iframe'), { title: this.#title(), src: address, sandbox, allow: 'clipboard-write' });
		this.#panel.append(frame);
		return frame;
	}

	/** Says in the frame's place that it does not come. */
	unavailable(): void {
		const text = make(document.createElement('p'), { role: 'alert' });
		this.#panel.replaceChildren(text);
		text.textContent = this.#texts.unavailable;
	}

	show(open: boolean, small: boolean, alive: boolean): void {
		this.#open = open;
		this.#small = small;
		this.#alive = alive;
		this.#panel.hidden = !open;
		this.#root.classList.toggle('small', small);
		this.launcher.firstElementChild?.replaceWith(icon(open ? DOWN : CHAT));
		if (open) this.#hideNote();
		this.#isolate(open && small);
		this.fit();
		this.#say();
	}

	/** While the panel covers the page, the page is out of reach for keys and screen readers, and does not scroll behind it. */
	#isolate(on: boolean): void {
		// The launcher is the way out until the panel itself offers one.
		this.launcher.style.visibility = on && this.#alive ? 'hidden' : '';
		make(this.#panel, { 'aria-modal': `${on}` });
		for (const element of this.#inert.splice(0)) element.removeAttribute('inert');
		document.documentElement.style.overflow = on ? 'hidden' : '';
		if (!on) return;
		for (const element of document.body.children) {
			if (element === this.host || element.hasAttribute('inert')) continue;
			this.#inert.push(make(element, { inert: '' }));
		}
	}

	/** Follows the visible part of the page, which an on-screen keyboard makes smaller. */
	fit(): void {
		const view = visualViewport;
		if (!view || !this.#open || !this.#small) return;
		this.#style('--top', `${view.offsetTop}px`);
		this.#style('--height', `${view.height}px`);
	}

	remove(): void {
		this.host.remove();
	}
}
