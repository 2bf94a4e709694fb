import { api, items, type AttributeDefinition, type CannedAnswer, type Channel, type Label, type Macro, type Member, type Queue, type View } from '$lib/api';

import { session } from './session.svelte';

/** The small lists that every screen needs: loaded once, refreshed by whoever changes them. */
class Catalogue {
	labels = $state.raw<Label[]>([]);
	staff = $state.raw<Member[]>([]);
	queues = $state.raw<Queue[]>([]);
	channels = $state.raw<Channel[]>([]);
	views = $state.raw<View[]>([]);
	cannedAnswers = $state.raw<CannedAnswer[]>([]);
	macros = $state.raw<Macro[]>([]);
	attributes = $state.raw<AttributeDefinition[]>([]);
	loaded = $state(false);

	/** A list that the role may not see, or that fails, stays empty; the desk works without it. */
	async load(): Promise<void> {
		await Promise.allSettled([
			this.loadLabels(),
			this.loadStaff(),
			this.loadQueues(),
			this.loadChannels(),
			this.loadViews(),
			this.loadCannedAnswers(),
			this.loadMacros(),
			this.loadAttributes()
		]);
		this.loaded = true;
	}

	loadLabels = async () => void (this.labels = await api.labels.list());
	loadStaff = async () => void (this.staff = items(await api.staff.list()));
	loadQueues = async () => void (this.queues = await api.queues.list());
	loadChannels = async () => void (this.channels = session.can('settings:read') ? await api.channels.list() : []);
	loadViews = async () => void (this.views = await api.views.list());
	loadCannedAnswers = async () => void (this.cannedAnswers = await api.cannedAnswers.list());
	loadMacros = async () => void (this.macros = await api.macros.list());
	loadAttributes = async () => void (this.attributes = items(await api.attributes.list('contact')));

	staffName(id: string): string | null {
		return this.staff.find((member) => member.id === id)?.name ?? null;
	}
}

export const catalogue = new Catalogue();
