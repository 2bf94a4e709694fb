/** What can be done to one conversation or many: on the screen at once, undone from the toast, put back when refused. */
import { goto } from '$app/navigation';
import { api, type BulkAction, type ConversationRow, type Id, type Macro, type Priority, type Time } from '$lib/api';
import { t, type Key } from '$lib/i18n.svelte';
import { catalogue } from '$lib/state/catalogue.svelte';
import { desk } from '$lib/state/desk.svelte';
import { session } from '$lib/state/session.svelte';
import { toasts } from '$lib/state/toasts.svelte';
import { nowMicros } from '$lib/format.svelte';

/** How the rows look once the action is done, before the server has said so. */
function preview(action: BulkAction): (row: ConversationRow) => Partial<ConversationRow> {
	switch (action.kind) {
		case 'assign': {
			const member = catalogue.staff.find((one) => one.id === action.agent_id);
			return (row) => ({
				owner: member
					? { kind: 'agent', queue: row.owner.queue, agent: { id: member.id, name: member.name, avatar_url: member.avatar_url } }
					: { kind: row.owner.queue ? 'queue' : 'nobody', queue: row.owner.queue, agent: null }
			});
		}
		case 'queue': {
			const queue = catalogue.queues.find((one) => one.id === action.queue_id);
			return () => ({ owner: { kind: 'queue', queue: queue ? { id: queue.id, name: queue.name } : null, agent: null } });
		}
		case 'close':
			return () => ({ state: 'closed', closed_at: nowMicros(), snoozed_until: null });
		case 'reopen':
			return () => ({ state: 'open', closed_at: null });
		case 'label': {
			const label = catalogue.labels.find((one) => one.id === action.label_id);
			return (row) => ({ labels: label && !row.labels.some((one) => one.id === label.id) ? [...row.labels, label] : row.labels });
		}
		case 'unlabel':
			return (row) => ({ labels: row.labels.filter((one) => one.id !== action.label_id) });
		case 'priority':
			return () => ({ priority: action.priority });
		case 'snooze':
			return () => ({ state: 'snoozed', snoozed_until: action.until });
	}
}

const DONE: Record<BulkAction['kind'], Key> = {
	assign: 'done.assigned',
	queue: 'done.queued',
	close: 'done.closed',
	reopen: 'done.reopened',
	label: 'done.labelled',
	unlabel: 'done.unlabelled',
	priority: 'done.prioritised',
	snooze: 'done.snoozed'
};

/** Every action goes through the bulk call, also for one: it is the one that can be undone. */
export async function act(ids: readonly Id[], action: BulkAction): Promise<boolean> {
	if (ids.length === 0) return false;
	const restore = desk.patchRows(ids, preview(action));
	try {
		const result = await api.conversations.bulk([...ids], action);
		if (result.failed.length > 0) {
			restore();
			toasts.show(t('done.partly', { done: result.changed.length, failed: result.failed.length }), { tone: 'bad' });
		} else {
			const token = result.undo_token;
			toasts.show(t(DONE[action.kind], { count: result.changed.length }), token ? { action: { label: t('action.undo'), run: () => void undo(token, ids) } } : {});
		}
		await refreshUnlessLive(ids);
		return true;
	} catch (error) {
		restore();
		toasts.problem(error);
		return false;
	}
}

/** Does a macro, once its dialog has shown it; true when it ran. */
export async function runMacro(ids: readonly Id[], macro: Macro): Promise<boolean> {
	try {
		const result = await api.macros.run(macro.id, ids);
		const token = result.undo_token;
		const text = result.failed.length > 0 ? t('done.partly', { done: result.changed.length, failed: result.failed.length }) : t('macro.done', { name: macro.name, count: ids.length });
		toasts.show(text, { ...(result.failed.length > 0 ? { tone: 'bad' as const } : {}), ...(token ? { action: { label: t('action.undo'), run: () => void undo(token, ids) } } : {}) });
		await refreshUnlessLive(ids);
		return true;
	} catch (error) {
		toasts.problem(error);
		return false;
	}
}

async function undo(token: string, ids: readonly Id[]): Promise<void> {
	try {
		await api.conversations.undoBulk(token);
		await Promise.allSettled(ids.slice(0, 20).map((id) => desk.refreshRow(id)));
		void desk.loadCounts();
	} catch (error) {
		toasts.problem(error);
	}
}

async function refreshUnlessLive(ids: readonly Id[]): Promise<void> {
	if (desk.link === 'open') return;
	await Promise.allSettled(ids.slice(0, 20).map((id) => desk.refreshRow(id)));
	void desk.loadCounts();
}

export const close = (ids: readonly Id[]) => act(ids, { kind: 'close' });
export const reopen = (ids: readonly Id[]) => act(ids, { kind: 'reopen' });
export const assign = (ids: readonly Id[], agent: Id | null) => act(ids, { kind: 'assign', agent_id: agent });
export const toQueue = (ids: readonly Id[], queue: Id) => act(ids, { kind: 'queue', queue_id: queue });
export const setPriority = (ids: readonly Id[], priority: Priority) => act(ids, { kind: 'priority', priority });
export const snooze = (ids: readonly Id[], until: Time | null) => act(ids, { kind: 'snooze', until });
export const setLabel = (ids: readonly Id[], label: Id, on: boolean) => act(ids, on ? { kind: 'label', label_id: label } : { kind: 'unlabel', label_id: label });
export const take = (ids: readonly Id[]) => assign(ids, session.me.id);

/** The row after this one in the open list (else the one before), or null at the end. */
export function neighbour(id: Id, direction: 1 | -1 = 1): Id | null {
	const index = desk.list.ids.indexOf(id);
	if (index < 0) return desk.list.ids[0] ?? null;
	return desk.list.ids[index + direction] ?? null;
}

export async function closeAndNext(id: Id, view: string): Promise<void> {
	const next = neighbour(id, 1) ?? neighbour(id, -1);
	void close([id]);
	await goto(next ? `/app/inbox/${view}/${next}` : `/app/inbox/${view}`);
}

/** The case that most needs somebody: own first, then nobody's; urgent before old. */
export async function nextBest(): Promise<Id | null> {
	for (const view of ['mine', 'unassigned']) {
		const page = await api.conversations.list({ view, sort: 'waiting', order: 'asc', limit: 50 });
		const waiting = page.items.filter((row) => row.waiting_since !== null && row.id !== desk.open);
		const rank = { urgent: 0, high: 1, normal: 2, low: 3 } as const;
		const best = waiting.sort((a, b) => rank[a.priority] - rank[b.priority] || (a.waiting_since ?? 0) - (b.waiting_since ?? 0))[0];
		if (best) return best.id;
	}
	return null;
}
