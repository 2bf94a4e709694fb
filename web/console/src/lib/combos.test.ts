import { describe, expect, it } from 'vitest';
import { canonical, comboOf, readable, step, typedAfter } from './combos';

const press = (key: string, over: Partial<KeyboardEvent> = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...over });

describe('comboOf', () => {
	it('names presses the same on every keyboard', () => {
		expect(comboOf(press('k', { metaKey: true }))).toBe('mod+k');
		expect(comboOf(press('k', { ctrlKey: true }))).toBe('mod+k');
		expect(comboOf(press('E', { shiftKey: true }))).toBe('shift+e');
		// A question mark is typed with shift on some keyboards and without on others.
		expect(comboOf(press('?', { shiftKey: true }))).toBe('?');
		expect(comboOf(press('Shift', { shiftKey: true }))).toBeNull();
	});
});

describe('step', () => {
	const bindings = [
		{ id: 'inbox', keys: 'g i' },
		{ id: 'info', keys: 'i' },
		{ id: 'close', keys: 'e' }
	];
	it('waits for the second press of a sequence', () => {
		expect(step('', 'g', bindings)).toEqual({ run: null, pending: 'g' });
		expect(step('g', 'i', bindings)).toEqual({ run: 'inbox', pending: '' });
	});
	it('takes a press by itself when it does not continue the sequence', () => {
		expect(step('g', 'e', bindings)).toEqual({ run: 'close', pending: '' });
		expect(step('', 'i', bindings)).toEqual({ run: 'info', pending: '' });
		expect(step('g', 'x', bindings)).toEqual({ run: null, pending: '' });
	});
});

it('writes keys for people', () => {
	expect(readable('mod+shift+enter', true)).toBe('⌘ ⇧ ↵');
	expect(readable('g i', false)).toBe('G I');
	expect(canonical('  G   I ')).toBe('g i');
});

it('takes what is typed before there is a field', () => {
	const typed = ['H', 'e', 'j', 'k', 'Backspace', '!', 'Shift', 'Enter', '😀', 'Backspace'].reduce(typedAfter, '');
	expect(typed).toBe('Hej!\n');
});
