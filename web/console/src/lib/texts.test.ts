import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, readableOn } from './colours';
import { fit, rank } from './fuzzy';
import { formatMessage } from './message-format';
import { marked } from './search/marked';

describe('formatMessage', () => {
	const template = '{count, plural, one {# keskustelu} other {# keskustelua}}, {name}';
	it('fills names and chooses the plural form of the language', () => {
		expect(formatMessage(template, { count: 1, name: 'Liisa' }, 'fi-FI')).toBe('1 keskustelu, Liisa');
		expect(formatMessage(template, { count: 0, name: 'Liisa' }, 'fi-FI')).toBe('0 keskustelua, Liisa');
	});
	it('leaves a parameter that is not given visible', () => {
		expect(formatMessage('Hei {name}', {}, 'fi-FI')).toBe('Hei {name}');
	});
	it('can read every text of every language', () => {
		for (const language of ['fi', 'sv', 'en']) {
			const texts = JSON.parse(readFileSync(new URL(`../../../../i18n/${language}/console.json`, import.meta.url), 'utf8')) as Record<string, string>;
			for (const [key, text] of Object.entries(texts)) {
				const names = [...text.matchAll(/\{(\w+)[,}]/g)].map((match) => match[1]!);
				const filled = formatMessage(text, Object.fromEntries(names.map((name) => [name, 2])), language);
				expect(filled, key).not.toMatch(/[{}]/);
			}
		}
	});
});

describe('fuzzy', () => {
	it('puts whole starts before inner words before scattered letters', () => {
		expect(rank('sul', ['Kesuli', 'Asetukset: Suljetut', 'Sulje'], (label) => label)).toEqual(['Sulje', 'Asetukset: Suljetut', 'Kesuli']);
	});
	it('refuses what does not fit', () => {
		expect(fit('xyz', 'Sulje')).toBe(0);
		expect(fit('', 'Sulje')).toBe(1);
	});
});

describe('marked', () => {
	it('marks inflected forms, and never more than the word', () => {
		expect(marked('Sohvan päällinen on sininen', 'sohva')).toEqual([
			{ text: 'Sohvan', hit: true },
			{ text: ' päällinen on sininen', hit: false }
		]);
	});
	it('keeps what looks like HTML as text', () => {
		expect(marked('<img src=x> paketti', 'paketti').map((part) => part.text).join('')).toBe('<img src=x> paketti');
		expect(marked('uusi <mark>paketti</mark> <b>', 'x')).toEqual([
			{ text: 'uusi ', hit: false },
			{ text: 'paketti', hit: true },
			{ text: ' <b>', hit: false }
		]);
	});
});

it('chooses ink that can be read on any brand colour', () => {
	expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
	for (const ground of ['#0b6374', '#fff0a8', '#ff8800', '#777777', '#ffffff', '#000000']) expect(contrast(ground, readableOn(ground)), ground).toBeGreaterThanOrEqual(4.4);
});
