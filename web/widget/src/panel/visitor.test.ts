import { expect, test } from 'vitest';
import { subjectMark } from './visitor';

const token = (payload: object): string => `x.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.y`;

test('the mark follows the subject, not the token', () => {
	expect(subjectMark(token({ sub: 'asiakas-1', iat: 1 }))).toBe(subjectMark(token({ sub: 'asiakas-1', iat: 2 })));
	expect(subjectMark(token({ sub: 'asiakas-1' }))).not.toBe(subjectMark(token({ sub: 'asiakas-2' })));
	expect(subjectMark('no token at all')).not.toBe(subjectMark('another one'));
});

test('the mark does not tell the subject', () => {
	expect(subjectMark(token({ sub: 'liisa@example.fi' }))).toMatch(/^[0-9a-z]{1,7}$/);
});
