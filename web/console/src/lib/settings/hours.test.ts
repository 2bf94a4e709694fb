import { expect, it } from 'vitest';
import { hoursProblem } from './hours';

it('accepts split shifts and midnight, and names what is wrong', () => {
	expect(hoursProblem([['09:00', '12:00'], ['13:00', '24:00']])).toBeNull();
	expect(hoursProblem([['13:00', '17:00'], ['09:00', '13:00']])).toBeNull();
	expect(hoursProblem([['09:00', '12:00'], ['11:00', '15:00']])).toBe('overlap');
	expect(hoursProblem([['12:00', '09:00']])).toBe('backwards');
	expect(hoursProblem([['09:00', '']])).toBe('incomplete');
});
