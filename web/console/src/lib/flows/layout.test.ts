import { expect, test } from 'vitest';
import { neighbour, place } from './layout';

const steps = ['a', 'b', 'c', 'd'].map((id) => ({ id, do: 'say' as const }));
const ways = [
	{ from: 'a', way: 'next', to: 'b' },
	{ from: 'a', way: 'none', to: 'c' },
	{ from: 'b', way: 'next', to: 'a' }
];

test('steps stand below what leads to them, unreachable ones last', () => {
	const placed = place(steps, ways);
	expect(placed.get('a')!.y).toBeLessThan(placed.get('b')!.y);
	expect(placed.get('b')!.y).toBe(placed.get('c')!.y);
	expect(placed.get('d')!.y).toBeGreaterThan(placed.get('c')!.y);
});

test('arrow keys walk along the ways', () => {
	const placed = place(steps, ways);
	expect(neighbour('a', 'ArrowDown', placed, ways)).toBe('b');
	expect(neighbour('b', 'ArrowRight', placed, ways)).toBe('c');
	expect(neighbour('c', 'ArrowUp', placed, ways)).toBe('a');
	expect(neighbour('c', 'ArrowRight', placed, ways)).toBeNull();
});
