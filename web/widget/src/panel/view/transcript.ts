import { h, set, write } from '../dom';
import { t } from '../i18n';
import { Fields } from './cards';

/** What the card asks of the chat. */
export interface TranscriptActions {
	/** Where the conversation is found on paper. */
	addresses(): Promise<{ url: string; text: string }>;
	send(email: string): Promise<void>;
}

/** Keeping the conversation: to print, as a file, or by mail. */
export class Transcript {
	readonly #actions: TranscriptActions;
	readonly element = h('div', { class: 'paper' });

	constructor(actions: TranscriptActions) {
		this.#actions = actions;
		this.#draw();
	}

	/** The addresses come when the server has said them; the words stand at once. */
	#draw(): void {
		const print = h('a', { target: '_blank', rel: 'noopener' }, t('transcript_print'));
		const text = h('a', { target: '_blank', rel: 'noopener', download: true }, t('transcript_text'));
		const error = h('p', { class: 'error', role: 'alert' });
		const fields = new Fields([{ key: 'email', required: true }]);
		const label = fields.fields[0]?.element.querySelector('label');
		if (label) write(label, t('transcript_email'));
		const said = h('p', { role: 'status' });
		const button = h('button', { type: 'submit' }, t('transcript_send'));
		const send = async (event: SubmitEvent): Promise<void> => {
			event.preventDefault();
			write(said, '');
			write(error, '');
			if (!fields.check()) return;
			set(button, 'aria-busy', 'true');
			try {
				const email = fields.values.email ?? '';
				await this.#actions.send(email);
				write(said, t('transcript_sent', { email }));
			} catch (problem) {
				write(error, fields.complain(problem) ?? '');
			}
			set(button, 'aria-busy', null);
		};
		this.element.replaceChildren(h('h2', {}, t('transcript_title')), h('p', { class: 'row' }, print, text), h('form', { novalidate: true, onsubmit: send }, ...fields.fields.map((field) => field.element), button), error, said);
		void this.#actions.addresses().then(
			(found) => {
				set(print, 'href', found.url);
				set(text, 'href', found.text);
			},
			(problem) => write(error, fields.complain(problem) ?? '')
		);
	}
}
