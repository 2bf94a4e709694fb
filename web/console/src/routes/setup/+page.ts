import { redirect } from '@sveltejs/kit';
import { session } from '$lib/state/session.svelte';

export async function load() {
	const current = await session.load();
	if (!current) redirect(307, '/app/sign-in?next=/app/setup');
	if (current.memberships.length > 0) await session.loadWorkspace();
}
