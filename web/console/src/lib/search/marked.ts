export type Part = { text: string; hit: boolean };

/**
 * Splits a snippet where it was found. The server may mark hits itself with `<mark>`; where it does not, words that begin
 * like a word of the query are marked (Finnish inflects: "sohva" finds "sohvan").
 */
export function marked(text: string, query: string): Part[] {
	if (text.includes('<mark>')) {
		return text.split(/<\/?mark>/).map((part, index) => ({ text: part, hit: index % 2 === 1 })).filter((part) => part.text !== '');
	}
	const words = query.toLocaleLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1);
	if (words.length === 0) return [{ text, hit: false }];
	const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map((word) => word.slice(0, Math.max(3, word.length - 2))).join('|')})[\\p{L}\\p{N}]*`, 'giu');
	const parts: Part[] = [];
	let from = 0;
	for (const match of text.matchAll(pattern)) {
		if (match.index > from) parts.push({ text: text.slice(from, match.index), hit: false });
		parts.push({ text: match[0], hit: true });
		from = match.index + match[0].length;
	}
	if (from < text.length) parts.push({ text: text.slice(from), hit: false });
	return parts;
}
