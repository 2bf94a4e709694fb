import { describe, expect, it } from 'vitest';
import { change, csv, daysAgo } from './report';

describe('reports', () => {
	it('compare with the period before only where that says something', () => {
		expect(change(12, 10)).toBe(20);
		expect(change(5, 10)).toBe(-50);
		expect(change(5, 0)).toBeNull();
		expect(change(null, 3)).toBeNull();
	});
	it('write files that no spreadsheet takes for formulas', () => {
		expect(csv([['a;b', '=1+1', '"x"', 3, null]])).toBe('\uFEFF"a;b";\'=1+1;"""x""";3;\r\n');
	});
	it('begin periods at the start of a day', () => {
		const now = new Date(2026, 10, 30, 15, 45);
		expect(new Date(daysAgo(6, now) / 1000)).toEqual(new Date(2026, 10, 24));
	});
});
