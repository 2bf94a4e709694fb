/** What an action does, in one line. */
import type { DeskAction } from '$lib/api';
import { t } from '$lib/i18n.svelte';
import { lasting } from '$lib/format.svelte';
import { catalogue } from '$lib/state/catalogue.svelte';

export const RULE_ACTIONS = ['assign', 'queue', 'label', 'unlabel', 'priority', 'note', 'reply', 'snooze', 'close', 'notify', 'tell'] as const;
export const MACRO_ACTIONS = ['reply', 'note', 'label', 'unlabel', 'priority', 'assign', 'queue', 'snooze', 'notify', 'close'] as const;

export function said(action: DeskAction): string {
	const with_ = (detail: string | undefined) => `${t(`actions.${action.kind}`)}: ${detail ?? t('actions.gone')}`;
	switch (action.kind) {
		case 'assign':
			return with_(action.agent_id === null ? t('actions.nobody') : (catalogue.staffName(action.agent_id) ?? undefined));
		case 'queue':
			return with_(catalogue.queues.find((one) => one.id === action.queue_id)?.name);
		case 'label':
		case 'unlabel':
			return with_(catalogue.labels.find((one) => one.id === action.label_id)?.name);
		case 'priority':
			return with_(t(`priority.${action.priority}`));
		case 'snooze':
			return with_(action.minutes === null ? t('actions.until_message') : lasting(action.minutes * 60));
		case 'close':
			return t('actions.close');
		case 'reply': {
			const answer = catalogue.cannedAnswers.find((one) => one.id === action.canned_answer_id);
			return with_(answer && `/${answer.shortcut}`);
		}
		case 'notify':
			return with_(action.staff_ids.length === 0 ? t('actions.assignee') : action.staff_ids.map((id) => catalogue.staffName(id) ?? '?').join(', '));
		case 'tell':
			return with_(action.topic);
		case 'note':
			return with_(action.body.slice(0, 60));
	}
}
