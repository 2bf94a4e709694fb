import { describe, expect, it, vi } from 'vitest';
import type { ConversationRow, Message } from '@ennakoi/api';

vi.mock('$app/navigation', () => ({ goto: () => undefined }));
const { newsIn } = await import('./notices.svelte');

const me = { id: 's-me', name: 'Aino Savela' };
const now = 1_000_000_000_000;
const row = (id: string, over: object = {}) => ({ id, preview: 'Hei', contact: { name: 'Liisa' }, owner: { kind: 'agent', queue: null, agent: { id: me.id } }, ...over }) as unknown as ConversationRow;
const say = (conversation: string, over: object = {}) =>
	({ conversation_id: conversation, kind: 'text', direction: 'in', visibility: 'public', author: { kind: 'contact', id: 'c', name: 'Liisa' }, body: 'Hei', created_at: now, ...over }) as unknown as Message;
const rows = new Map([
	['mine', row('mine')],
	['queue', row('queue', { owner: { kind: 'queue', queue: { id: 'q' }, agent: null } })],
	['other', row('other', { owner: { kind: 'agent', queue: null, agent: { id: 's-other' } } })]
]);
const heard = (messages: Message[], scope: 'mine' | 'all' = 'mine') => newsIn({ events: [], messages }, rows, me, scope, now).map((one) => one.conversation);

describe('newsIn', () => {
	it('tells of what customers write in own conversations, and in the queue when that is wished', () => {
		expect(heard([say('mine'), say('queue'), say('other')])).toEqual(['mine']);
		expect(heard([say('mine'), say('queue'), say('other')], 'all')).toEqual(['mine', 'queue']);
	});
	it('is silent about own answers, events and what is old', () => {
		expect(heard([say('mine', { direction: 'out' }), say('mine', { kind: 'event' }), say('mine', { created_at: now - 600_000_000 })])).toEqual([]);
	});
	it('tells of a mention anywhere, not of one’s own', () => {
		const note = { direction: 'out', visibility: 'private', body: 'Katsotko @Aino Savela?', author: { kind: 'staff', id: 's-other', name: 'Eero' } };
		expect(heard([say('other', note)])).toEqual(['other']);
		expect(heard([say('other', { ...note, author: { kind: 'staff', id: me.id, name: me.name } })])).toEqual([]);
	});
	it('tells of a conversation that somebody else gave, once with its message', () => {
		const event = (actor: string) => ({ seq: 1, kind: 'conversation.assigned', conversation: 'mine', contact: null, actor });
		expect(newsIn({ events: [event('system')], messages: [say('mine')] }, rows, me, 'mine', now)).toHaveLength(1);
		expect(newsIn({ events: [event(`staff:${me.id}`)], messages: [] }, rows, me, 'mine', now)).toEqual([]);
	});
});
