import { guessLocale, i18n } from '$lib/i18n.svelte';
import { session } from '$lib/state/session.svelte';

export const ssr = false;
export const prerender = false;

export async function load() {
	await i18n.use(guessLocale());
	try {
		await session.load();
		return { unreachable: null as unknown };
	} catch (problem) {
		return { unreachable: problem };
	}
}
