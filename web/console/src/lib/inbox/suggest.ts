/** What the composer offers while somebody types `/`, `@`, `#` or `:`. */
export type Trigger = { sign: '/' | '@' | '#' | ':'; text: string; from: number; to: number };

/** The unfinished word at the caret, if it begins with a sign at a word's start. A colon needs a letter, so that a time or a link is left alone. */
export function triggerAt(body: string, caret: number): Trigger | null {
	const before = body.slice(0, caret);
	const match = /(?:^|[\s(])([/@#:])([\p{L}\p{N}_+-]*)$/u.exec(before);
	if (!match) return null;
	const sign = match[1] as Trigger['sign'];
	const text = match[2] ?? '';
	if (sign === ':' && text.length < 1) return null;
	return { sign, text, from: caret - text.length - 1, to: caret };
}

/** Puts a chosen text in place of the trigger; returns the body and where the caret goes. */
export function replaceTrigger(body: string, trigger: Trigger, text: string): { body: string; caret: number } {
	const spaced = text.endsWith('\n') || body[trigger.to] === ' ' ? text : `${text} `;
	return { body: body.slice(0, trigger.from) + spaced + body.slice(trigger.to), caret: trigger.from + spaced.length };
}

/** `{{name}}` and its like in a canned answer. Unknown ones stay visible, so that nobody sends them unseen. */
export function fillVariables(text: string, values: Record<string, string | null>): string {
	return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Wraps the selection in Markdown signs, or takes them away when they are there. */
export function wrap(body: string, from: number, to: number, sign: string): { body: string; from: number; to: number } {
	const inside = body.slice(from, to);
	if (body.slice(from - sign.length, from) === sign && body.slice(to, to + sign.length) === sign) {
		return { body: body.slice(0, from - sign.length) + inside + body.slice(to + sign.length), from: from - sign.length, to: to - sign.length };
	}
	return { body: body.slice(0, from) + sign + inside + sign + body.slice(to), from: from + sign.length, to: to + sign.length };
}

/** Begins each line of the selection with a dash. */
export function bulletLines(body: string, from: number, to: number): { body: string; from: number; to: number } {
	const start = body.lastIndexOf('\n', from - 1) + 1;
	const lines = body
		.slice(start, to)
		.split('\n')
		.map((line) => (line.startsWith('- ') ? line : `- ${line}`))
		.join('\n');
	return { body: body.slice(0, start) + lines + body.slice(to), from: start, to: start + lines.length };
}

/** Emoji by their names in the three languages, the ones that customer service uses. */
export const EMOJI: readonly { sign: string; names: string }[] = [
	{ sign: '🙂', names: 'hymy smile leende' },
	{ sign: '😊', names: 'iloinen blush glad' },
	{ sign: '😄', names: 'nauru laugh skratt' },
	{ sign: '😅', names: 'hups sweat svett' },
	{ sign: '🙏', names: 'kiitos thanks tack' },
	{ sign: '👍', names: 'peukku thumbsup tumme ok' },
	{ sign: '👋', names: 'moi wave hej hei' },
	{ sign: '👌', names: 'selvä perfect perfekt' },
	{ sign: '🎉', names: 'onnea party grattis' },
	{ sign: '❤️', names: 'sydän heart hjärta' },
	{ sign: '💚', names: 'vihreäsydän greenheart' },
	{ sign: '😔', names: 'harmi sad ledsen' },
	{ sign: '😕', names: 'epävarma confused osäker' },
	{ sign: '🤔', names: 'mietin thinking fundera' },
	{ sign: '🔎', names: 'etsin search söker' },
	{ sign: '📦', names: 'paketti package paket' },
	{ sign: '🚚', names: 'toimitus delivery leverans' },
	{ sign: '🧾', names: 'kuitti receipt kvitto' },
	{ sign: '💳', names: 'kortti card kort' },
	{ sign: '🎁', names: 'lahja gift gåva' },
	{ sign: '📅', names: 'päivä calendar kalender' },
	{ sign: '⏰', names: 'aika clock tid' },
	{ sign: '✅', names: 'valmis done klart' },
	{ sign: '❌', names: 'ei no nej' },
	{ sign: '⚠️', names: 'varoitus warning varning' },
	{ sign: '💡', names: 'idea tip tips vinkki' },
	{ sign: '☀️', names: 'aurinko sun sol' },
	{ sign: '❄️', names: 'talvi snow snö lumi' },
	{ sign: '🎄', names: 'joulu christmas jul' },
	{ sign: '☕', names: 'kahvi coffee kaffe' }
];
