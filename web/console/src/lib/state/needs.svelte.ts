import { api, type Need } from '$lib/api';
import { i18n } from '$lib/i18n.svelte';

/** What customers want, in words. Asked for once, when the first screen needs it; until then the name itself is shown. */
class Needs {
	#known = $state.raw<Map<string, Need>>(new Map());
	#asked = false;

	/** Such as "Missä tilaukseni on?" for `track_order`. */
	title(id: string): string {
		void this.#ask();
		return this.#known.get(id)?.title[i18n.locale] || id.replaceAll('_', ' ');
	}

	/** All of them, by their titles. */
	get all(): Need[] {
		void this.#ask();
		const title = (need: Need) => need.title[i18n.locale];
		return [...this.#known.values()].sort((a, b) => title(a).localeCompare(title(b), i18n.locale));
	}

	async #ask(): Promise<void> {
		if (this.#asked) return;
		this.#asked = true;
		try {
			this.#known = new Map((await api.needs.list()).items.map((need) => [need.id, need]));
		} catch {
			// The names say enough to work with; the next screen asks again.
			this.#asked = false;
		}
	}
}

export const needs = new Needs();
