import { redirect } from '@sveltejs/kit';
import { api } from '$lib/api';
import { session } from '$lib/state/session.svelte';

export async function load({ url }) {
	if (session.current) redirect(307, '/app/');
	const next = url.searchParams.get('next') ?? '';
	return {
		// Only back into the console: never to another site.
		next: /^\/app\/(?!\/)/.test(next) ? next : '/app/',
		providers: await api.session.providers().catch(() => [])
	};
}
