import { redirect } from '@sveltejs/kit';
import { api, Problem } from '$lib/api';
import { session } from '$lib/state/session.svelte';

export async function load({ url }) {
	if (session.current) redirect(307, '/app/');
	const next = url.searchParams.get('next') ?? '';
	const problem = url.searchParams.get('problem');
	return {
		/** Why the identity provider sent the person back, if it did. */
		problem: problem === null ? null : new Problem(401, /^[a-z_]{1,60}$/.test(problem) ? problem : 'unknown', ''),
		// Only back into the console: never to another site.
		next: /^\/app\/(?!\/)/.test(next) ? next : '/app/',
		providers: await api.session.providers().catch(() => [])
	};
}
