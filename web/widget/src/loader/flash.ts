/** The page's title says that something new has come, while nobody looks at the page. */
export class Flash {
	#timer = 0;
	#shown = '';
	#original = '';

	/** Starts, or with an empty text stops; moves only for those who accept motion. */
	set(text: string): void {
		clearInterval(this.#timer);
		this.#show('');
		if (!text || !document.hidden) return;
		this.#show(text);
		if (!matchMedia('(prefers-reduced-motion)').matches) this.#timer = window.setInterval(() => this.#show(this.#shown ? '' : text), 1500);
	}

	/** Leaves a title alone that the page itself has set meanwhile. */
	#show(text: string): void {
		if (this.#shown && document.title === this.#shown) document.title = this.#original;
		this.#shown = text;
		if (!text) return;
		this.#original = document.title;
		document.title = text;
	}
}
