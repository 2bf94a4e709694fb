/** How well typed letters fit a label: 0 is not at all, more is better. Whole words first, then starts of words, then letters in order. */
export function fit(text: string, label: string): number {
	const wanted = text.trim().toLocaleLowerCase();
	if (wanted === '') return 1;
	const whole = label.toLocaleLowerCase();
	const at = whole.indexOf(wanted);
	if (at === 0) return 100;
	if (at > 0) return /[\s:(,-]/.test(whole[at - 1]!) ? 80 : 60;
	const words = wanted.split(/\s+/);
	if (words.length > 1 && words.every((word) => whole.includes(word))) return 50;
	let from = 0;
	let gaps = 0;
	for (const letter of wanted) {
		const next = whole.indexOf(letter, from);
		if (next < 0) return 0;
		gaps += next - from;
		from = next + 1;
	}
	return wanted.length >= 2 && gaps <= wanted.length * 2 ? Math.max(1, 30 - gaps) : 0;
}

/** Those that fit, best first; equals stay in their order. */
export function rank<T>(text: string, entries: readonly T[], label: (entry: T) => string): T[] {
	return entries
		.map((entry) => ({ entry, score: fit(text, label(entry)) }))
		.filter(({ score }) => score > 0)
		.sort((a, b) => b.score - a.score)
		.map(({ entry }) => entry);
}
