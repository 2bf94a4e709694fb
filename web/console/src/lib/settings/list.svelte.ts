import { t, type Key } from '$lib/i18n.svelte';
import { attempt, toasts } from '$lib/state/toasts.svelte';

type Calls<T extends { id: string }> = {
	list: () => Promise<T[]>;
	remove?: (id: string) => Promise<unknown>;
	/** Makes a removed one again, for undo; without it the removal asks nothing and cannot be undone. */
	create?: (item: Omit<T, 'id'>) => Promise<unknown>;
};

/** A list of settings: loads, and removes with a way back. */
export class SettingsList<T extends { id: string }> {
	items = $state.raw<T[] | null>(null);
	problem = $state.raw<unknown>(null);

	constructor(
		readonly calls: Calls<T>,
		readonly changed: () => unknown = () => undefined
	) {
		void this.load();
	}

	load = async (): Promise<void> => {
		try {
			this.items = await this.calls.list();
			this.problem = null;
		} catch (error) {
			this.problem = error;
		}
	};

	/** After something was saved: reads the list again and tells the rest of the desk. */
	refresh = async (): Promise<void> => {
		await this.load();
		this.changed();
	};

	async remove(item: T, done: Key, name: string): Promise<void> {
		const before = this.items;
		this.items = (this.items ?? []).filter((one) => one.id !== item.id);
		if ((await attempt(async () => (await this.calls.remove?.(item.id), true))) === undefined) {
			this.items = before;
			return;
		}
		this.changed();
		const { create } = this.calls;
		if (!create) {
			toasts.show(t(done, { name }));
			return;
		}
		const { id: _gone, ...again } = item;
		toasts.show(t(done, { name }), { action: { label: t('action.undo'), run: () => void attempt(() => create(again)).then(this.refresh) } });
	}
}
