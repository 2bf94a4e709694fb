import type { Permission } from '@ennakoi/api';
import type { IconName } from '@ennakoi/ui';
import type { Key } from '$lib/i18n.svelte';

export type SectionId =
	| 'general'
	| 'channels'
	| 'mailboxes'
	| 'programs'
	| 'history'
	| 'bot'
	| 'llm'
	| 'hours'
	| 'queues'
	| 'service'
	| 'rules'
	| 'macros'
	| 'labels'
	| 'canned'
	| 'authority'
	| 'team'
	| 'attributes'
	| 'keys'
	| 'webhooks'
	| 'signin'
	| 'audit';
export type Section = { id: SectionId; label: Key; icon: IconName; permission: Permission; group: 'company' | 'work' | 'technical'; operator?: true };

/** Settings have one place, in the order in which a company meets them. */
export const SECTIONS: readonly Section[] = [
	{ id: 'general', label: 'settings.general', icon: 'building', permission: 'settings:read', group: 'company' },
	{ id: 'team', label: 'settings.team', icon: 'people', permission: 'staff:read', group: 'company' },
	{ id: 'hours', label: 'settings.hours', icon: 'clock', permission: 'settings:read', group: 'company' },
	{ id: 'channels', label: 'settings.channels', icon: 'chat', permission: 'settings:read', group: 'work' },
	{ id: 'mailboxes', label: 'settings.mailboxes', icon: 'email', permission: 'settings:read', group: 'work' },
	{ id: 'programs', label: 'settings.programs', icon: 'api', permission: 'integrations:manage', group: 'work' },
	{ id: 'bot', label: 'settings.bot', icon: 'bot', permission: 'settings:read', group: 'work' },
	{ id: 'llm', label: 'settings.llm', icon: 'sparkle', permission: 'settings:read', group: 'work' },
	{ id: 'queues', label: 'settings.queues', icon: 'list', permission: 'settings:read', group: 'work' },
	{ id: 'service', label: 'settings.service', icon: 'clock', permission: 'settings:read', group: 'work' },
	{ id: 'rules', label: 'settings.rules', icon: 'filter', permission: 'settings:read', group: 'work' },
	{ id: 'macros', label: 'settings.macros', icon: 'bolt', permission: 'conversations:read', group: 'work' },
	{ id: 'labels', label: 'settings.labels', icon: 'label', permission: 'conversations:read', group: 'work' },
	{ id: 'canned', label: 'settings.canned', icon: 'note', permission: 'conversations:read', group: 'work' },
	{ id: 'authority', label: 'settings.authority', icon: 'star', permission: 'settings:read', group: 'work' },
	{ id: 'attributes', label: 'settings.attributes', icon: 'hash', permission: 'settings:read', group: 'work' },
	{ id: 'history', label: 'settings.history', icon: 'history', permission: 'settings:manage', group: 'technical' },
	{ id: 'keys', label: 'settings.keys', icon: 'key', permission: 'integrations:manage', group: 'technical' },
	{ id: 'webhooks', label: 'settings.webhooks', icon: 'webhook', permission: 'integrations:manage', group: 'technical' },
	{ id: 'signin', label: 'settings.signin', icon: 'shield', permission: 'staff:read', group: 'technical', operator: true },
	{ id: 'audit', label: 'settings.audit', icon: 'history', permission: 'audit:read', group: 'technical' }
];

/** Whether somebody sees a section; those of the installation are for its operators. */
export const maySee = (section: Section, who: { can: (permission: Permission) => boolean; current: { staff: { operator: boolean } } | null }): boolean =>
	who.can(section.permission) && (!section.operator || who.current?.staff.operator === true);
