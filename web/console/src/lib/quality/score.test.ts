import { expect, test } from 'vitest';
import type { Criterion, SheetSection } from '@ennakoi/api';
import { markOf, newId, outcome } from './score';

const criterion = (id: string, change: Partial<Criterion> = {}): Criterion => ({ id, text: id, help: '', kind: 'scale', most: 3, weight: 30, critical: false, may_not_apply: false, ...change });
const sections: SheetSection[] = [{ title: 'a', criteria: [criterion('correct'), criterion('checked', { kind: 'yes_no', most: 1, weight: 10, critical: true, may_not_apply: true }), criterion('tone', { most: 4, weight: 20 })] }];
const mark = (value: number | null) => ({ value, note: '' });

test('points are the weighted mean of what applied, as on the server', () => {
	expect(outcome(sections, {})).toEqual({ points: null, failed: false, missing: 3 });
	expect(outcome(sections, { correct: mark(3), checked: mark(null), tone: mark(2) })).toEqual({ points: 800, failed: false, missing: 0 });
	expect(outcome(sections, { correct: mark(2), checked: mark(1), tone: mark(1) })).toEqual({ points: 583, failed: false, missing: 0 });
	expect(outcome(sections, { correct: mark(3), checked: mark(0), tone: mark(4) })).toEqual({ points: 0, failed: true, missing: 0 });
});

test('digits give marks that exist, and a dash says that it does not apply', () => {
	const [scale, yesNo] = sections[0]!.criteria as [Criterion, Criterion];
	expect([markOf(scale, '3'), markOf(scale, '4'), markOf(scale, '-'), markOf(scale, 'x')]).toEqual([3, undefined, undefined, undefined]);
	expect([markOf(yesNo, '1'), markOf(yesNo, '2'), markOf(yesNo, '-')]).toEqual([1, undefined, null]);
	expect(newId(['c1', 'c3', 'c4'])).toBe('c5');
	expect(newId(['c2'])).toBe('c3');
});
