/** Names of key presses: `mod+k`, `shift+e`, `g i`, `?`. `mod` is ⌘ on a Mac and Ctrl elsewhere. */
type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** The name of one press, or null for a lone modifier and for what belongs to the browser. */
export function comboOf(event: Press): string | null {
	const key = event.key.toLowerCase();
	if (['shift', 'control', 'meta', 'alt', 'altgraph', 'dead'].includes(key)) return null;
	const mod = event.ctrlKey || event.metaKey;
	if (event.altKey && !mod && key.length > 1) return null;
	const letter = /^\p{L}$/u.test(key);
	return `${mod ? 'mod+' : ''}${event.shiftKey && (letter || key.length > 1) ? 'shift+' : ''}${key === ' ' ? 'space' : key}`;
}

export function canonical(keys: string): string {
	return keys.trim().toLowerCase().replace(/\s+/g, ' ');
}

/** One press against all bindings: what to run, and what stands unfinished of a sequence. */
export function step(pending: string, combo: string, bindings: readonly { id: string; keys: string }[]): { run: string | null; pending: string } {
	for (const typed of pending === '' ? [combo] : [`${pending} ${combo}`, combo]) {
		const exact = bindings.find((binding) => binding.keys === typed);
		if (exact) return { run: exact.id, pending: '' };
		if (bindings.some((binding) => binding.keys.startsWith(`${typed} `))) return { run: null, pending: typed };
	}
	return { run: null, pending: '' };
}

/** A text after one more press, where there is no field yet that would take it. */
export function typedAfter(text: string, key: string): string {
	if (key === 'Enter') return `${text}\n`;
	if (key === 'Backspace') return [...text].slice(0, -1).join('');
	return [...key].length === 1 ? text + key : text;
}

/** For people: ⌘ K or Ctrl K, ⇧ E, G I. */
export function readable(keys: string, mac: boolean): string {
	const signs: Record<string, string> = { mod: mac ? '⌘' : 'Ctrl', shift: '⇧', alt: mac ? '⌥' : 'Alt', escape: 'Esc', enter: '↵', space: '␣', arrowup: '↑', arrowdown: '↓' };
	return keys
		.split(/[ +]/)
		.filter((part) => part !== '')
		.map((part) => signs[part] ?? (part.length === 1 ? part.toUpperCase() : part))
		.join(' ');
}

export const isMac = (): boolean => typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);
