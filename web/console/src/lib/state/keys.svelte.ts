import type { Key } from '$lib/i18n.svelte';
import { preferences } from './preferences.svelte';
import { canonical, comboOf, step, typedAfter } from '$lib/combos';

export type ActionId =
	| 'palette'
	| 'help'
	| 'search'
	| 'next'
	| 'previous'
	| 'open'
	| 'select'
	| 'back'
	| 'reply'
	| 'note'
	| 'assign'
	| 'take'
	| 'label'
	| 'priority'
	| 'snooze'
	| 'macro'
	| 'close'
	| 'close_next'
	| 'panel'
	| 'undo'
	| 'go_inbox'
	| 'go_contacts'
	| 'go_knowledge'
	| 'go_settings'
	| 'go_profile'
	| 'notices';
export type Action = { id: ActionId; keys: string; group: 'general' | 'list' | 'conversation' | 'go'; label: Key };

export const ACTIONS: readonly Action[] = [
	{ id: 'palette', keys: 'mod+k', group: 'general', label: 'key.palette' },
	{ id: 'help', keys: '?', group: 'general', label: 'key.help' },
	{ id: 'search', keys: '/', group: 'general', label: 'key.search' },
	{ id: 'undo', keys: 'z', group: 'general', label: 'key.undo' },
	{ id: 'notices', keys: 'g n', group: 'general', label: 'key.notices' },
	{ id: 'back', keys: 'escape', group: 'general', label: 'key.back' },
	{ id: 'next', keys: 'j', group: 'list', label: 'key.next' },
	{ id: 'previous', keys: 'k', group: 'list', label: 'key.previous' },
	{ id: 'open', keys: 'enter', group: 'list', label: 'key.open' },
	{ id: 'select', keys: 'x', group: 'list', label: 'key.select' },
	{ id: 'reply', keys: 'r', group: 'conversation', label: 'key.reply' },
	{ id: 'note', keys: 'n', group: 'conversation', label: 'key.note' },
	{ id: 'take', keys: 'm', group: 'conversation', label: 'key.take' },
	{ id: 'assign', keys: 'a', group: 'conversation', label: 'key.assign' },
	{ id: 'label', keys: 'l', group: 'conversation', label: 'key.label' },
	{ id: 'priority', keys: 'p', group: 'conversation', label: 'key.priority' },
	{ id: 'snooze', keys: 's', group: 'conversation', label: 'key.snooze' },
	{ id: 'macro', keys: 'shift+m', group: 'conversation', label: 'key.macro' },
	{ id: 'close', keys: 'e', group: 'conversation', label: 'key.close' },
	{ id: 'close_next', keys: 'shift+e', group: 'conversation', label: 'key.close_next' },
	{ id: 'panel', keys: 'i', group: 'conversation', label: 'key.panel' },
	{ id: 'go_inbox', keys: 'g i', group: 'go', label: 'key.go_inbox' },
	{ id: 'go_contacts', keys: 'g c', group: 'go', label: 'key.go_contacts' },
	{ id: 'go_knowledge', keys: 'g k', group: 'go', label: 'key.go_knowledge' },
	{ id: 'go_settings', keys: 'g s', group: 'go', label: 'key.go_settings' },
	{ id: 'go_profile', keys: 'g p', group: 'go', label: 'key.go_profile' }
];

const SEQUENCE_MS = 1200;

/** What was begun before there was a place for it, and the letters typed since. */
export type Ahead = { action: 'reply' | 'note'; typed: string };

class Keys {
	#handlers = new Map<ActionId, (() => void | boolean)[]>();
	#pending = '';
	#pendingAt = 0;
	#awaiting = false;
	#ahead: Ahead | null = null;

	keysOf(id: ActionId): string {
		return preferences.current.keys[id] ?? ACTIONS.find((action) => action.id === id)?.keys ?? '';
	}

	/** Newest handler wins; returning false passes the key on. Returns the way to let go. */
	on(handlers: Partial<Record<ActionId, () => void | boolean>>): () => void {
		const entries = Object.entries(handlers) as [ActionId, () => void | boolean][];
		for (const [id, run] of entries) this.#handlers.set(id, [...(this.#handlers.get(id) ?? []), run]);
		return () => {
			for (const [id, run] of entries) this.#handlers.set(id, (this.#handlers.get(id) ?? []).filter((one) => one !== run));
		};
	}

	run(id: ActionId): boolean {
		return (this.#handlers.get(id) ?? []).toReversed().some((run) => run() !== false);
	}

	/** A conversation is coming: a text begun now is kept until `arrived`, so that its letters are not taken for other keys. */
	await(): () => void {
		this.#awaiting = true;
		return () => {
			this.#awaiting = false;
			this.#ahead = null;
		};
	}

	/** What was typed ahead, once. */
	arrived(): Ahead | null {
		const ahead = this.#ahead;
		this.#awaiting = false;
		this.#ahead = null;
		return ahead;
	}

	handle(event: KeyboardEvent): void {
		if (event.defaultPrevented || event.isComposing) return;
		// What lies behind an open window is out of reach, also while nothing in the window has the focus.
		if (document.querySelector('dialog[open]')) return;
		if (this.#ahead && isWriting(event) && !isTyping(event.target)) {
			this.#ahead.typed = typedAfter(this.#ahead.typed, event.key);
			event.preventDefault();
			return;
		}
		const combo = comboOf(event);
		if (!combo) return;
		const always = combo.startsWith('mod+') || combo === 'escape';
		if (!always && (!preferences.current.keys_enabled || isTyping(event.target))) return;
		if (combo === 'enter' && isActivatable(event.target)) return;
		if (Date.now() - this.#pendingAt > SEQUENCE_MS) this.#pending = '';
		const bindings = ACTIONS.map((action) => ({ id: action.id, keys: canonical(this.keysOf(action.id)) }));
		const outcome = step(this.#pending, combo, bindings);
		this.#pending = outcome.pending;
		this.#pendingAt = Date.now();
		if (outcome.pending !== '') event.preventDefault();
		if (!outcome.run) return;
		const action = outcome.run as ActionId;
		if (this.#awaiting && (action === 'reply' || action === 'note')) this.#ahead = { action, typed: '' };
		else if (!this.run(action)) return;
		event.preventDefault();
	}
}

/** A letter or what ends or takes back one. The right Alt of many keyboards, which writes @ and €, counts as Ctrl and Alt together. */
function isWriting(event: KeyboardEvent): boolean {
	if (event.metaKey || event.ctrlKey !== event.altKey) return false;
	return [...event.key].length === 1 || event.key === 'Enter' || event.key === 'Backspace';
}

function isTyping(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit', 'range', 'color'].includes(target.type);
	return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

function isActivatable(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && target.closest('a, button, summary, [role="option"]') !== null;
}

export const keys = new Keys();
