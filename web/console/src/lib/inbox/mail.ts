import type { Addressing, Correspondent, Message } from '$lib/api';

/** What is typed into the head of a mail. */
export type Head = { to: string; cc: string; bcc: string; subject: string };

export const noHead = (): Head => ({ to: '', cc: '', bcc: '', subject: '' });

/** Addresses in a line, with or without names, separated by commas or semicolons. */
export function correspondents(line: string): Correspondent[] {
	return line
		.split(/[,;\n](?=(?:[^"]*"[^"]*")*[^"]*$)/)
		.map((part) => part.trim())
		.filter((part) => part !== '')
		.map((part) => {
			const named = /^"?(.*?)"?\s*<([^<>]+)>$/.exec(part);
			const name = named?.[1]?.trim();
			return named ? { address: named[2]!.trim(), ...(name ? { name } : {}) } : { address: part };
		});
}

/** What the server is told; nothing when nothing was typed. */
export function addressingOf(head: Head): Addressing | undefined {
	const addressing: Addressing = {};
	for (const field of ['to', 'cc', 'bcc'] as const) {
		const list = correspondents(head[field]);
		if (list.length > 0) addressing[field] = list;
	}
	if (head.subject.trim() !== '') addressing.subject = head.subject.trim();
	return Object.keys(addressing).length > 0 ? addressing : undefined;
}

/** The newest mail that came from somebody who belongs to the conversation: whom an answer goes to. */
export function answered(messages: readonly Message[]): Addressing | undefined {
	return messages.findLast((message) => message.direction === 'in' && message.meta.addressing && message.meta.origin && !message.meta.origin.newcomer && !message.meta.origin.automatic)?.meta.addressing;
}

export const written = (list: readonly Correspondent[] | undefined): string => (list ?? []).map((one) => (one.name ? `${one.name} <${one.address}>` : one.address)).join(', ');
