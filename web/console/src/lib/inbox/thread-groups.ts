import type { Message, Time } from '@ennakoi/api';

/** What a thread shows, in order: day lines, the "new since you looked" line, folded events, runs of one speaker. */
export type ThreadPart =
	| { kind: 'day'; key: string; at: Time }
	| { kind: 'new'; key: string }
	| { kind: 'events'; key: string; messages: Message[] }
	| { kind: 'run'; key: string; messages: Message[] };

const RUN_GAP = 5 * 60 * 1_000_000;

function continues(run: Message, next: Message): boolean {
	return (
		run.author.kind === next.author.kind &&
		run.author.id === next.author.id &&
		run.visibility === next.visibility &&
		run.direction === next.direction &&
		next.created_at - run.created_at < RUN_GAP
	);
}

/** Groups messages (ascending). `newAfter` is the last one seen before this visit; no line is drawn without one that is newer. */
export function threadParts(messages: readonly Message[], newAfter: number | null, sameDay: (a: Time, b: Time) => boolean): ThreadPart[] {
	const parts: ThreadPart[] = [];
	let previous: Message | null = null;
	let lineDrawn = false;
	for (const message of messages) {
		const last = parts.at(-1);
		let broken = false;
		if (!previous || !sameDay(previous.created_at, message.created_at)) {
			parts.push({ kind: 'day', key: `day-${message.id}`, at: message.created_at });
			broken = true;
		}
		if (newAfter !== null && newAfter > 0 && !lineDrawn && message.seq > newAfter && message.direction === 'in') {
			parts.push({ kind: 'new', key: 'new' });
			lineDrawn = true;
			broken = true;
		}
		if (message.kind === 'event') {
			if (!broken && last?.kind === 'events') last.messages.push(message);
			else parts.push({ kind: 'events', key: message.id, messages: [message] });
		} else if (!broken && last?.kind === 'run' && continues(last.messages.at(-1)!, message)) last.messages.push(message);
		else parts.push({ kind: 'run', key: message.id, messages: [message] });
		previous = message;
	}
	return parts;
}
