import { readForPanel, sealed, type ToLoader, type ToPanel } from '../shared/protocol';

/** The panel's end of the talk with the page that it stands on. */
export class Bridge {
	readonly #origin: string;
	/** The page's origin, as the loader put it into our address. If the page is another one, the browser delivers nothing to it. */
	constructor(
		origin: string,
		hear: (message: ToPanel) => void
	) {
		this.#origin = origin;
		addEventListener('message', (event) => {
			if (event.source !== window.parent || event.origin !== this.#origin) return;
			const message = readForPanel(event.data);
			if (message) hear(message);
		});
	}

	tell(message: ToLoader): void {
		if (window.parent !== window && this.#origin) window.parent.postMessage(sealed(message), this.#origin);
	}
}
