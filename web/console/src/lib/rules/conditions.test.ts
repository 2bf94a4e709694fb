import { describe, expect, it } from 'vitest';
import type { FactCondition } from '$lib/api';
import { conditionOf, size, treeOf } from './conditions';

describe('conditions in an editor', () => {
	it('come back as they were', () => {
		const conditions: FactCondition[] = [
			{ all: [] },
			{ any: [{ field: 'priority', operator: 'at_least', value: 'high' }] },
			{ all: [{ field: 'message_text', operator: 'contains', value: ['palautus', 'retur'] }, { any: [{ field: 'hours', operator: 'is', value: 'closed' }, { field: 'queue', operator: 'missing' }] }] },
			{ all: [{ field: 'waiting_minutes', operator: 'at_least', value: 30 }, { field: 'customer_attribute', operator: 'is', key: 'taso', value: 'kulta' }] }
		];
		for (const condition of conditions) expect(conditionOf(treeOf(condition)!)).toEqual(condition);
	});
	it('that say more than it can show are left alone', () => {
		expect(treeOf({ not: { field: 'queue', operator: 'exists' } })).toBeNull();
		expect(treeOf({ all: [{ field: 'queue', operator: 'in', value: ['a', 'b'] }] })).toBeNull();
	});
	it('leave out lines without a value', () => {
		expect(conditionOf({ match: 'all', lines: [{ field: 'message_text', operator: 'contains', key: '', value: ' ' }], inner: null })).toEqual({ all: [] });
		expect(size({ all: [{ field: 'queue', operator: 'exists' }, { any: [{ field: 'label', operator: 'missing' }] }] })).toBe(2);
	});
});
