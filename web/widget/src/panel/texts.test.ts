import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import enFirst from '../../../../i18n/en/widget.json';
import enLater from '../../../../i18n/en/widget-later.json';
import fiFirst from '../../../../i18n/fi/widget.json';
import fiLater from '../../../../i18n/fi/widget-later.json';
import svFirst from '../../../../i18n/sv/widget.json';
import svLater from '../../../../i18n/sv/widget-later.json';

const en = { ...enFirst, ...enLater };
const fi = { ...fiFirst, ...fiLater };
const sv = { ...svFirst, ...svLater };

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
	.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
	.map((name) => readFileSync(root + name, 'utf8'))
	.join('\n');

/** Put together at run time from what the server says. */
const COMPOSED = /^(problem|field|score)_/;
const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();

describe.each([['fi', fi], ['sv', sv]] as const)('%s', (_, texts) => {
	test('says what English says', () => {
		expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
	});

	test.each(Object.keys(en) as (keyof typeof en)[])('%s is there, with the same places to fill', (key) => {
		expect(texts[key].trim()).not.toBe('');
		expect(holes(texts[key])).toEqual(holes(en[key]));
	});
});

test('every sentence is used', () => {
	expect(Object.keys(en).filter((key) => !COMPOSED.test(key) && !new RegExp(`\\b${key}\\b`).test(sources))).toEqual([]);
});

test('every sentence that is asked for is there', () => {
	const asked = [...sources.matchAll(/\bt\(\s*'(\w+)'/g)].map(([, key]) => key);
	expect(asked.length).toBeGreaterThan(50);
	expect(asked.filter((key) => !Object.hasOwn(en, key ?? ''))).toEqual([]);
});
