type Child = Node | string | null | false;
type Value = string | number | boolean | null | undefined | ((event: never) => void);

/** Makes an element. `onclick` and the like listen, `class` and attributes are set, false and null leave out. */
export function h<T extends keyof HTMLElementTagNameMap>(tag: T, given: Record<string, Value> = {}, ...children: Child[]): HTMLElementTagNameMap[T] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(given)) {
		if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
		else set(element, name, value);
	}
	element.append(...children.filter((child) => child !== null && child !== false));
	return element;
}

/** Sets an attribute, or takes it away; touches nothing when it is so already. */
export function set(element: Element, name: string, value: string | number | boolean | null | undefined): void {
	const wanted = value === true ? '' : value === false || value === null || value === undefined ? null : String(value);
	if (element.getAttribute(name) === wanted) return;
	if (wanted === null) element.removeAttribute(name);
	else element.setAttribute(name, wanted);
}

/** Sets the text, touching nothing when it is so already: a live region repeats what is written anew. */
export function write(element: Element, text: string): void {
	if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
	close: 'M6 6l12 12M18 6L6 18',
	send: 'M4 12l16-7-5 15-3.5-6.5L4 12zM11.5 13.5L20 5',
	clip: 'M20 11.5l-8.2 8.2a5 5 0 01-7-7.1l8.5-8.4a3.3 3.3 0 014.7 4.7l-8.4 8.3a1.7 1.7 0 01-2.4-2.3l7.4-7.4',
	person: 'M12 12a4 4 0 100-8 4 4 0 000 8zM4.5 20.5c.6-4 3.6-6 7.5-6s6.9 2 7.5 6',
	bot: 'M5 9.5h14v9.5H5zM12 9.5V5.5M9 13.5v1.5M15 13.5v1.5M2.5 12.5v3.5M21.5 12.5v3.5M11 4.5h2',
	file: 'M6 3.5h8l4 4V20.5H6zM14 3.5v4h4',
	link: 'M10 5H5v14h14v-5M14 4.5h5.5V10M19 5l-8.5 8.5',
	retry: 'M19.5 12a7.5 7.5 0 11-2.200-5.300M18 3v4h-4',
	up: 'M6 14.5l6-6 6 6'
} as const;

export function icon(name: keyof typeof ICONS): SVGElement {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	set(svg, 'viewBox', '0 0 24 24');
	set(svg, 'aria-hidden', 'true');
	const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
	set(path, 'd', ICONS[name]);
	svg.append(path);
	return svg;
}

/** One row of a list that is kept in step with its items without touching those that stay. */
export interface Row {
	key: string;
	/** The row is drawn anew when this changes. */
	mark: string;
	draw(): HTMLElement;
	/** Small changes to a row that stays. */
	touch?(element: HTMLElement): void;
}

/** Keeps the children of `parent` in step with `rows`. */
export class Rows {
	readonly #parent: HTMLElement;
	readonly #held = new Map<string, { mark: string; element: HTMLElement }>();

	constructor(parent: HTMLElement) {
		this.#parent = parent;}

	update(rows: Row[]): void {
		const wanted = new Set(rows.map((row) => row.key));
		for (const [key, { element }] of this.#held) {
			if (wanted.has(key)) continue;
			element.remove();
			this.#held.delete(key);
		}
		let before: Element | null = null;
		for (const row of rows) {
			const held = this.#held.get(row.key);
			let element = held?.element;
			if (!held || held.mark !== row.mark || !element) {
				element = row.draw();
				held?.element.replaceWith(element);
				this.#held.set(row.key, { mark: row.mark, element });
			}
			row.touch?.(element);
			const place: Element | null = before ? before.nextElementSibling : this.#parent.firstElementChild;
			if (place !== element) this.#parent.insertBefore(element, place);
			before = element;
		}
	}
}
