import type { Time } from '@ennakoi/api';

export type SnoozeChoice = 'next_reply' | 'hour' | 'tomorrow' | 'monday' | 'month';
export const SNOOZE_CHOICES: readonly SnoozeChoice[] = ['next_reply', 'hour', 'tomorrow', 'monday', 'month'];
const MORNING = 8;

/** When a snoozed conversation comes back, in the person's own time zone; null is "with the customer's next message". */
export function snoozeUntil(choice: SnoozeChoice, now: Date): Time | null {
	const at = new Date(now);
	switch (choice) {
		case 'next_reply':
			return null;
		case 'hour':
			return (now.getTime() + 3_600_000) * 1000;
		case 'tomorrow':
			at.setDate(at.getDate() + 1);
			break;
		case 'monday':
			at.setDate(at.getDate() + (((8 - at.getDay()) % 7) || 7));
			break;
		case 'month': {
			const day = at.getDate();
			at.setMonth(at.getMonth() + 1);
			// 31 January + a month is the last of February, not March.
			if (at.getDate() !== day) at.setDate(0);
			break;
		}
	}
	at.setHours(MORNING, 0, 0, 0);
	return at.getTime() * 1000;
}
