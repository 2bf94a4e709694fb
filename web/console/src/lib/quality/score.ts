/** The same arithmetic as the server's, so that a reviewer sees what the marks come to while giving them. */
import type { Criterion, Marks, SheetSection } from '@ennakoi/api';

export const criteria = (sections: readonly SheetSection[]): Criterion[] => sections.flatMap((section) => section.criteria);
export const mostOf = (criterion: Criterion): number => (criterion.kind === 'yes_no' ? 1 : criterion.most);

/** Of a thousand; null when nothing applied. */
export function outcome(sections: readonly SheetSection[], marks: Marks): { points: number | null; failed: boolean; missing: number } {
	let got = 0;
	let most = 0;
	let failed = false;
	let missing = 0;
	for (const criterion of criteria(sections)) {
		const mark = marks[criterion.id];
		if (mark === undefined) missing += 1;
		if (mark === undefined || mark.value === null) continue;
		got += (criterion.weight * mark.value * 2520) / mostOf(criterion);
		most += criterion.weight * 2520;
		failed ||= criterion.critical && mark.value === 0;
	}
	return { points: most === 0 ? null : failed ? 0 : Math.floor((got * 2000 + most) / (most * 2)), failed, missing };
}

/** A mark in the digits that give it: yes and no are 1 and 0. Undefined: the digit means nothing here. */
export function markOf(criterion: Criterion, key: string): number | null | undefined {
	if (key === '-') return criterion.may_not_apply ? null : undefined;
	if (!/^[0-9]$/.test(key)) return undefined;
	const value = Number(key);
	return value <= mostOf(criterion) ? value : undefined;
}

/** An id for a new criterion that no other has. */
export function newId(known: readonly string[]): string {
	for (let number = known.length + 1; ; number += 1) if (!known.includes(`c${number}`)) return `c${number}`;
}
