import { guessLocale, i18n } from '$lib/i18n.svelte';
import { session } from '$lib/state/session.svelte';

export const ssr = false;
export const prerender = false;

export async function load() {
	await i18n.use(guessLocale());
	await session.load();
}
