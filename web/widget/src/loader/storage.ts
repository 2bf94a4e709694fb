/**
 * What the widget keeps for a visitor: in the company's own first-party storage, under the chat's public key, so that browsers
 * which partition or block the storage of frames make no difference. Written to only after the visitor has opened the chat.
 * Where the browser allows no storage the chat lasts as long as the page.
 */
export class Storage {
	readonly #prefix: string;
	readonly #memory: Record<string, string> = {};

	constructor(key: string) {
		this.#prefix = `ennakoi.${key}.`;
	}

	/** The browser's storage; reading the property alone can throw. */
	get #area(): Record<string, string> {
		try {
			return localStorage as unknown as Record<string, string>;
		} catch {
			return this.#memory;
		}
	}

	get(name: string): string | null {
		return this.#area[this.#prefix + name] ?? null;
	}

	/** Everything kept, by name. */
	all(): Record<string, string> {
		const kept = Object.entries(this.#area).filter(([name]) => name.startsWith(this.#prefix));
		return Object.fromEntries(kept.map(([name, value]) => [name.slice(this.#prefix.length), value]));
	}

	set(name: string, value: string | null): void {
		try {
			if (value === null) delete this.#area[this.#prefix + name];
			else this.#area[this.#prefix + name] = value;
		} catch {
			// Full: the chat goes on, only a reload forgets what was not kept.
		}
	}

	clear(): void {
		for (const name of Object.keys(this.all())) this.set(name, null);
	}

	/** Tells of changes that other tabs make. Returns how to stop. */
	watch(changed: (name: string, value: string | null) => void): () => void {
		const listen = ({ key, newValue }: StorageEvent): void => {
			if (key === null) changed('token', null);
			else if (key.startsWith(this.#prefix)) changed(key.slice(this.#prefix.length), newValue);
		};
		addEventListener('storage', listen);
		return () => removeEventListener('storage', listen);
	}
}
