import type { FlowFlaw } from '$lib/api';
import { textOf } from '$lib/i18n.svelte';

/** What is wrong, in the reader's language, with the name that it is about; what has no sentence is told as the program tells it. */
export function flawText(flaw: FlowFlaw): string {
	const sentence = textOf('flow.flaw', flaw.code);
	if (sentence === null) return flaw.message;
	const about = /^slot (\w+)/.exec(flaw.message)?.[1] ?? /"([^"]+)"/.exec(flaw.message)?.[1] ?? /\{([^}]+)\}/.exec(flaw.message)?.[1];
	return about ? `${about}: ${sentence}` : sentence;
}
