import type { IconName } from '@ennakoi/ui';
import { api, type ConversationRow, type Id } from '$lib/api';
import { rank } from '$lib/fuzzy';
import { i18n, t } from '$lib/i18n.svelte';
import { catalogue } from '$lib/state/catalogue.svelte';
import { session } from '$lib/state/session.svelte';
import { said } from '$lib/rules/actions';
import { EMOJI, fillVariables, type Trigger } from './suggest';

export type Suggestion = { id: string; label: string; detail: string; insert: string; icon: IconName; sign?: string; mention?: Id; macro?: Id };
const MOST = 8;

/** What fits an unfinished `/`, `@`, `#` or `:` word. A search that fails offers nothing and disturbs nobody. */
export async function suggestions(trigger: Trigger, row: ConversationRow): Promise<Suggestion[]> {
	switch (trigger.sign) {
		case '/':
			return canned(trigger.text, row);
		case '@':
			return rank(trigger.text, catalogue.staff, (member) => member.name)
				.slice(0, MOST)
				.map((member) => ({ id: member.id, label: member.name, detail: t(`availability.${member.availability}`), insert: `@${member.name}`, icon: 'at', mention: member.id }));
		case '#':
			return articles(trigger.text, row);
		case ':':
			return rank(trigger.text, EMOJI, (emoji) => emoji.names)
				.slice(0, MOST)
				.map((emoji) => ({ id: emoji.sign, label: emoji.names.split(' ')[{ fi: 0, en: 1, sv: 2 }[i18n.locale]] ?? '', detail: '', insert: emoji.sign, icon: 'smile', sign: emoji.sign }));
	}
}

function canned(text: string, row: ConversationRow): Suggestion[] {
	const language = row.locale ?? session.workspace?.default_language ?? 'fi';
	const values = {
		name: row.contact?.name || null,
		'contact.name': row.contact?.name || null,
		first_name: row.contact?.name?.split(' ')[0] ?? null,
		'agent.name': session.me.name,
		agent: session.me.name,
		company: session.workspace?.name ?? null,
		number: String(row.number)
	};
	const macros = rank(text, catalogue.macros, (one) => one.name).map((one) => ({ id: one.id, label: one.name, detail: one.actions.map(said).join(' → '), insert: '', icon: 'bolt' as const, macro: one.id }));
	const answers = rank(text, catalogue.cannedAnswers, (one) => `${one.shortcut} ${one.title}`)
		.slice(0, MOST)
		.map((one) => {
			const body = one.body[language] ?? one.body.fi ?? one.body.en ?? one.body.sv ?? '';
			return { id: one.id, label: `/${one.shortcut}`, detail: `${one.title} — ${body.replace(/\s+/g, ' ').slice(0, 120)}`, insert: fillVariables(body, values), icon: 'note' as const };
		});
	return [...answers, ...macros].slice(0, MOST);
}

async function articles(text: string, row: ConversationRow): Promise<Suggestion[]> {
	try {
		const language = row.locale ?? session.workspace?.default_language ?? 'fi';
		const page = await api.articles.list({ q: text, status: 'published', limit: MOST });
		const found = page.items.flatMap((article) => {
			const state = article.locales.find((one) => one.locale === language) ?? article.locales[0];
			if (!state || article.audience === 'staff') return [];
			const url = `${location.origin}/help/${session.workspace?.slug ?? ''}/${state.locale}/a/${state.slug}`;
			return [{ id: article.id, label: state.title, detail: url, insert: `[${state.title}](${url})`, icon: 'book' as const }];
		});
		// Those whose title fits come first, then those whose text does.
		const titled = rank(text, found, (one) => one.label);
		return [...titled, ...found.filter((one) => !titled.includes(one))];
	} catch {
		return [];
	}
}
