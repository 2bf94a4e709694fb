/** The lists to choose from for one conversation or many; shared by thread, bulk bar and row. */
import { PRIORITIES, type ConversationRow } from '$lib/api';
import { dayAndClock } from '$lib/format.svelte';
import { t } from '$lib/i18n.svelte';
import { catalogue } from '$lib/state/catalogue.svelte';
import { session } from '$lib/state/session.svelte';
import type { MenuItem } from '@ennakoi/ui';
import { said } from '$lib/rules/actions';
import { SNOOZE_CHOICES, snoozeUntil, type SnoozeChoice } from './snooze';
import * as actions from './actions';

export function assignItems(row?: ConversationRow): MenuItem[] {
	const me = session.me.id;
	const order = { online: 0, away: 1, offline: 2 } as const;
	const people = [...catalogue.staff]
		.filter((member) => member.role !== 'viewer')
		.sort((a, b) => Number(b.id === me) - Number(a.id === me) || order[a.availability] - order[b.availability] || a.name.localeCompare(b.name));
	return [
		...people.map((member) => ({
			id: `agent:${member.id}`,
			label: member.id === me ? t('assign.me', { name: member.name }) : member.name,
			hint: `${t(`availability.${member.availability}`)} · ${member.open_conversations}/${member.capacity}`,
			checked: row?.owner.agent?.id === member.id,
			icon: 'person' as const,
			group: t('assign.people')
		})),
		{ id: 'agent:', label: t('assign.nobody'), icon: 'close' as const, checked: row ? row.owner.agent === null : false, group: t('assign.people') },
		...catalogue.queues.map((queue) => ({
			id: `queue:${queue.id}`,
			label: queue.name,
			checked: row?.owner.kind === 'queue' && row.owner.queue?.id === queue.id,
			icon: 'list' as const,
			group: t('view.queues')
		}))
	];
}

export function pickAssign(ids: readonly string[], picked: string): void {
	const [kind, id = ''] = picked.split(':');
	if (kind === 'queue') void actions.toQueue(ids, id);
	else void actions.assign(ids, id === '' ? null : id);
}

export function labelItems(rows: readonly ConversationRow[]): MenuItem[] {
	return catalogue.labels.map((label) => ({
		id: label.id,
		label: label.name,
		color: label.color,
		checked: rows.length > 0 && rows.every((row) => row.labels.some((one) => one.id === label.id))
	}));
}

export const macroItems = (): MenuItem[] => catalogue.macros.map((macro) => ({ id: macro.id, label: macro.name, icon: 'bolt' as const, hint: macro.actions.map(said).join(' → ') }));

export function priorityItems(row?: ConversationRow): MenuItem[] {
	return PRIORITIES.map((priority) => ({ id: priority, label: t(`priority.${priority}`), icon: 'priority', checked: row?.priority === priority }));
}

export function snoozeItems(): MenuItem[] {
	return [
		...SNOOZE_CHOICES.map((choice) => {
			const until = snoozeUntil(choice, new Date());
			return { id: choice, label: t(`snooze.${choice}`), icon: 'snooze' as const, ...(until === null ? {} : { hint: dayAndClock(until) }) };
		}),
		{ id: 'own', label: t('snooze.own'), icon: 'edit' as const }
	];
}

export const isChoice = (id: string): id is SnoozeChoice => SNOOZE_CHOICES.some((choice) => choice === id);
