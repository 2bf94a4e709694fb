import { expect, test } from 'vitest';
import { addressingOf, correspondents, noHead } from './mail';

test('addresses are read with and without names', () => {
	expect(correspondents('liisa@example.fi; Matti Meri <matti@example.fi>, "Aalto, Eino" <eino@example.fi>')).toEqual([
		{ address: 'liisa@example.fi' },
		{ address: 'matti@example.fi', name: 'Matti Meri' },
		{ address: 'eino@example.fi', name: 'Aalto, Eino' }
	]);
	expect(correspondents(' , ;')).toEqual([]);
});

test('an empty head leaves everything to the server', () => {
	expect(addressingOf(noHead())).toBeUndefined();
	expect(addressingOf({ ...noHead(), cc: 'a@b.fi', subject: '  Uusi ' })).toEqual({ cc: [{ address: 'a@b.fi' }], subject: 'Uusi' });
});
