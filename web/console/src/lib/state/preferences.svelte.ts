import { api } from '$lib/api';
import { session } from './session.svelte';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'dense' | 'comfortable';
/** Everything a person sets for themself; kept by the server with the person. */
export type Preferences = {
	theme: Theme;
	density: Density;
	panel: boolean;
	keys_enabled: boolean;
	keys: Record<string, string>;
	/** How long an answer waits and can be taken back, by channel. A chat customer is waiting on the other side, so 0 there unless chosen. */
	undo_seconds: { chat: number; email: number };
	enter_sends: boolean;
	sound: boolean;
	/** What the desktop tells of while the person looks elsewhere: nothing, own conversations, or the queue too. */
	notify: 'off' | 'mine' | 'all';
};

const DEFAULTS: Preferences = {
	theme: 'system',
	density: 'dense',
	panel: true,
	keys_enabled: true,
	keys: {},
	undo_seconds: { chat: 0, email: 10 },
	enter_sends: false,
	sound: false,
	notify: 'off'
};

class PreferenceStore {
	readonly current: Preferences = $derived.by(() => ({ ...DEFAULTS, ...((session.current?.staff.preferences ?? {}) as Partial<Preferences>) }));
	#saving: Promise<unknown> = Promise.resolve();

	set<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
		if (!session.current) return;
		const preferences = { ...session.current.staff.preferences, [name]: value };
		session.patchStaff({ preferences });
		this.apply();
		// The server joins what is sent to what it has, so only what changed goes; at once, because the page may be left, and in order.
		this.#saving = this.#saving.then(() => api.profile.update({ preferences: { [name]: value } })).catch(() => undefined);
	}

	/** Puts theme and density on the page and remembers them for the next first paint. */
	apply(): void {
		const { theme, density } = session.current ? this.current : { theme: (localStorage.getItem('ennakoi.theme') ?? 'system') as Theme, density: 'dense' };
		const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
		document.documentElement.dataset.theme = dark ? 'dark' : 'light';
		document.documentElement.dataset.density = density;
		localStorage.setItem('ennakoi.theme', theme);
		localStorage.setItem('ennakoi.density', density);
	}

	start(): () => void {
		this.apply();
		const media = matchMedia('(prefers-color-scheme: dark)');
		const changed = () => this.apply();
		media.addEventListener('change', changed);
		return () => media.removeEventListener('change', changed);
	}
}

export const preferences = new PreferenceStore();
