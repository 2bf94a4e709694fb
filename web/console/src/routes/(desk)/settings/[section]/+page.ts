import { error } from '@sveltejs/kit';
import type { Component } from 'svelte';
import { SECTIONS, type SectionId } from '$lib/settings/sections';

/** Each section is a piece of its own, loaded when it is opened. */
const parts: Record<SectionId, () => Promise<{ default: Component }>> = {
	general: () => import('$lib/settings/General.svelte'),
	channels: () => import('$lib/settings/Channels.svelte'),
	mailboxes: () => import('$lib/settings/Mailboxes.svelte'),
	programs: () => import('$lib/settings/Programs.svelte'),
	history: () => import('$lib/settings/History.svelte'),
	bot: () => import('$lib/settings/Bot.svelte'),
	llm: () => import('$lib/settings/LanguageModel.svelte'),
	hours: () => import('$lib/settings/Hours.svelte'),
	queues: () => import('$lib/settings/Queues.svelte'),
	service: () => import('$lib/settings/Service.svelte'),
	rules: () => import('$lib/settings/Rules.svelte'),
	macros: () => import('$lib/settings/Macros.svelte'),
	labels: () => import('$lib/settings/Labels.svelte'),
	canned: () => import('$lib/settings/Canned.svelte'),
	authority: () => import('$lib/settings/Authority.svelte'),
	team: () => import('$lib/settings/Team.svelte'),
	attributes: () => import('$lib/settings/Attributes.svelte'),
	keys: () => import('$lib/settings/ApiKeys.svelte'),
	webhooks: () => import('$lib/settings/Webhooks.svelte'),
	signin: () => import('$lib/settings/SignInServices.svelte'),
	audit: () => import('$lib/settings/Audit.svelte')
};

export async function load({ params }) {
	const section = SECTIONS.find((one) => one.id === params.section);
	if (!section) error(404, 'no such section');
	return { section, part: (await parts[section.id]()).default };
}
