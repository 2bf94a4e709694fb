import { describe, expect, it } from 'vitest';
import type { Filter, Message } from '@ennakoi/api';
import { filterOf, simpleQuery, size, treeOf, within } from './filters';
import { snoozeUntil } from './snooze';
import { bulletLines, fillVariables, replaceTrigger, triggerAt, wrap } from './suggest';
import { threadParts } from './thread-groups';

describe('filters', () => {
	const rich: Filter = { any: [{ field: 'priority', operator: 'at_least', value: 'high' }, { all: [{ field: 'assignee', operator: 'is', value: 'me' }, { field: 'language', operator: 'is', value: 'sv' }] }] };
	it('survive the way into the builder and back', () => {
		expect(filterOf(treeOf(rich))).toEqual(rich);
		expect(size(rich)).toBe(3);
		expect(filterOf({ match: 'all', lines: [], inner: null })).toBeNull();
	});
	it('become parameters of the list only when those say the same', () => {
		expect(simpleQuery({ all: [{ field: 'label', operator: 'is', value: 'l-1' }, { field: 'assignee', operator: 'missing' }] })).toEqual({ label: 'l-1', assignee: 'none' });
		expect(simpleQuery(rich)).toBeNull();
		expect(simpleQuery({ all: [{ field: 'label', operator: 'is', value: 'a' }, { field: 'label', operator: 'is', value: 'b' }] })).toBeNull();
		expect(simpleQuery({ all: [{ field: 'state', operator: 'is_not', value: 'closed' }] })).toBeNull();
		expect(simpleQuery(null)).toEqual({});
	});
	it('keep meaning inside a view what they meant there', () => {
		expect(within('mine', rich)).toEqual({ all: [{ field: 'state', operator: 'in', value: ['open', 'waiting'] }, { field: 'assignee', operator: 'is', value: 'me' }, rich] });
		const closed: Filter = { field: 'state', operator: 'is', value: 'closed' };
		expect(within('all', closed)).toEqual(closed);
	});
});

describe('snoozeUntil', () => {
	const at = (time: number | null) => new Date((time ?? 0) / 1000);
	it('comes back in the morning of the right day', () => {
		const friday = new Date(2026, 10, 20, 15, 30);
		expect(at(snoozeUntil('tomorrow', friday))).toEqual(new Date(2026, 10, 21, 8));
		expect(at(snoozeUntil('monday', friday))).toEqual(new Date(2026, 10, 23, 8));
		expect(at(snoozeUntil('monday', new Date(2026, 10, 23, 7)))).toEqual(new Date(2026, 10, 30, 8));
		expect(at(snoozeUntil('month', new Date(2027, 0, 31, 12)))).toEqual(new Date(2027, 1, 28, 8));
		expect(snoozeUntil('next_reply', friday)).toBeNull();
	});
});

describe('composer', () => {
	it('sees a trigger only at the start of a word', () => {
		expect(triggerAt('Hei /toi', 8)).toEqual({ sign: '/', text: 'toi', from: 4, to: 8 });
		expect(triggerAt('https://x', 9)).toBeNull();
		expect(triggerAt('klo 12:30', 9)).toBeNull();
		expect(triggerAt('moi :', 5)).toBeNull();
		expect(triggerAt('@Päi', 4)).toEqual({ sign: '@', text: 'Päi', from: 0, to: 4 });
	});
	it('puts the choice in place of it', () => {
		expect(replaceTrigger('Hei /toi kiitos', { sign: '/', text: 'toi', from: 4, to: 8 }, 'Lähtee huomenna.')).toEqual({ body: 'Hei Lähtee huomenna. kiitos', caret: 20 });
	});
	it('fills known variables and leaves unknown ones to be seen', () => {
		expect(fillVariables('Hei {{ first_name }}, {{tuntematon}}', { first_name: 'Liisa' })).toBe('Hei Liisa, {{tuntematon}}');
	});
	it('marks and unmarks', () => {
		const bold = wrap('tosi hyvä', 5, 9, '**');
		expect(bold.body).toBe('tosi **hyvä**');
		expect(wrap(bold.body, bold.from, bold.to, '**').body).toBe('tosi hyvä');
		expect(bulletLines('yksi\nkaksi', 0, 10).body).toBe('- yksi\n- kaksi');
	});
});

describe('threadParts', () => {
	const minute = 60_000_000;
	const say = (seq: number, over: Partial<Message> = {}) =>
		({ id: `m-${seq}`, seq, kind: 'text', direction: 'in', visibility: 'public', author: { kind: 'contact', id: 'p', name: 'Liisa', avatar_url: null }, created_at: seq * minute, ...over }) as Message;
	const never = () => false;
	const always = () => true;
	const kinds = (messages: Message[], newAfter: number | null, sameDay = always) => threadParts(messages, newAfter, sameDay).map((part) => part.kind);

	it('joins what one speaker says in a row and breaks at pauses, notes and others', () => {
		const staff = { kind: 'staff', id: 's', name: 'Aino', avatar_url: null } as const;
		const messages = [say(1), say(2), say(3, { created_at: 30 * minute }), say(4, { author: staff, direction: 'out', created_at: 31 * minute }), say(5, { author: staff, direction: 'out', visibility: 'private', created_at: 32 * minute })];
		expect(kinds(messages, null)).toEqual(['day', 'run', 'run', 'run', 'run']);
	});
	it('folds events together', () => {
		expect(kinds([say(1), say(2, { kind: 'event' }), say(3, { kind: 'event' })], null)).toEqual(['day', 'run', 'events']);
	});
	it('draws the line of what is new once, before the first unseen message of the customer', () => {
		expect(kinds([say(1), say(2), say(3)], 1)).toEqual(['day', 'run', 'new', 'run']);
		expect(kinds([say(1), say(2)], 2)).toEqual(['day', 'run']);
		expect(kinds([say(1), say(2, { direction: 'out' })], 1)).toEqual(['day', 'run', 'run']);
	});
	it('begins each day with its line', () => {
		expect(kinds([say(1), say(2)], null, never)).toEqual(['day', 'run', 'day', 'run']);
	});
});
