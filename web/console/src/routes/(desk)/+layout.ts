import { redirect } from '@sveltejs/kit';
import { catalogue } from '$lib/state/catalogue.svelte';
import { session } from '$lib/state/session.svelte';

export async function load({ url }) {
	const current = await session.load();
	if (!current) redirect(307, `/app/sign-in?next=${encodeURIComponent(url.pathname + url.search)}`);
	if (current.setup_needed || current.memberships.length === 0) redirect(307, '/app/setup');
	if (!catalogue.loaded) void catalogue.load();
	await session.loadWorkspace();
}
