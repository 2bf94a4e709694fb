/** Promises that an answer seems to make, until the agent has said what they are. Nothing is recorded without that. */
import { api, type Id, type Message, type PromiseProposal } from '$lib/api';
import { dayAndClock } from '$lib/format.svelte';
import { t } from '$lib/i18n.svelte';
import { desk } from './desk.svelte';
import { attempt, toasts } from './toasts.svelte';

/** A notice about a conversation that has been left stands long enough to be read and tapped. */
const ELSEWHERE_MS = 20_000;

class Proposed {
	#found = $state.raw<ReadonlyMap<Id, readonly PromiseProposal[]>>(new Map());

	of(conversation: Id): readonly PromiseProposal[] {
		return this.#found.get(conversation) ?? [];
	}

	/** Asks what the answer promises. That nothing can be asked right now costs nothing but the proposal. */
	async look(message: Message): Promise<void> {
		if (message.visibility !== 'public' || message.direction !== 'out') return;
		const conversation = message.conversation_id;
		const found = await api.promises.proposed(conversation, message.id).catch(() => []);
		if (found.length === 0) return;
		this.#set(conversation, [...this.of(conversation), ...found]);
		if (desk.open === conversation) return;
		// "Send and close" has led away already.
		const contact = desk.state.conversations.get(conversation)?.contact;
		for (const proposal of found) {
			toasts.show(t('propose.elsewhere', { name: contact?.name || contact?.email || t('contact.unknown'), when: dayAndClock(proposal.due_at) }), {
				action: { label: t('propose.keep'), run: () => void this.keep(conversation, proposal) },
				milliseconds: ELSEWHERE_MS
			});
		}
	}

	async keep(conversation: Id, proposal: PromiseProposal, due = proposal.due_at, body = proposal.body): Promise<boolean> {
		const made = await attempt(() => api.promises.make(conversation, body, due));
		if (!made) return false;
		this.drop(conversation, proposal);
		toasts.show(t('propose.kept', { when: dayAndClock(due) }));
		if (desk.link !== 'open') await desk.refreshRow(conversation).catch(() => undefined);
		return true;
	}

	drop(conversation: Id, proposal: PromiseProposal): void {
		this.#set(conversation, this.of(conversation).filter((one) => one !== proposal));
	}

	/** The answer was taken back, and what it promised with it. */
	forget(message: Message): void {
		this.#set(message.conversation_id, this.of(message.conversation_id).filter((one) => one.message_id !== message.id));
	}

	#set(conversation: Id, proposals: readonly PromiseProposal[]): void {
		const next = new Map(this.#found);
		if (proposals.length > 0) next.set(conversation, proposals);
		else next.delete(conversation);
		this.#found = next;
	}
}

export const proposed = new Proposed();
