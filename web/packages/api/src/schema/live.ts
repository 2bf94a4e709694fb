import type { Id } from './base';
import type { Availability, ContactRow } from './people';
import type { Author, ConversationRow, Counts, Message, Presence, Visibility } from './inbox';

export type Changes = {
	seq: number;
	events: { seq: number; kind: string; conversation: Id | null; contact: Id | null; actor: string | null }[];
	conversations: ConversationRow[];
	messages: Message[];
	contacts: ContactRow[];
	counts?: Counts;
};
export type ServerFrame =
	| { type: 'welcome'; seq: number; resumed: boolean }
	| ({ type: 'changes' } & Changes)
	| { type: 'presence'; conversation: Id; people: Presence[] }
	| { type: 'typing'; conversation: Id; author: Author; on: boolean }
	| { type: 'staff'; id: Id; availability: Availability }
	| { type: 'notices'; staff: Id }
	| { type: 'ack'; client_key: string; message: Message }
	| { type: 'refused'; client_key: string; problem: { code: string } }
	| { type: 'pong' };
export type ClientFrame =
	| { type: 'hello'; last_seq: number | null }
	| { type: 'focus'; conversation: Id | null }
	| { type: 'typing'; conversation: Id; visibility: Visibility; on: boolean }
	| { type: 'ping' };
