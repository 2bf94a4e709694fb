import { h, set } from '../dom';
import { t } from '../i18n';

let audio: AudioContext | null = null;

/** Two short tones, made here. Before anybody has touched the page the browser keeps it silent, and that is right. */
export function ding(): void {
	audio ??= new AudioContext();
	[620, 830].forEach((frequency, index) => {
		const [tone, loudness] = [audio!.createOscillator(), audio!.createGain()];
		const at = audio!.currentTime + index * 0.13;
		tone.frequency.value = frequency;
		loudness.gain.setValueAtTime(0.1, at);
		loudness.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
		tone.connect(loudness).connect(audio!.destination);
		tone.start(at);
		tone.stop(at + 0.25);
	});
}

/** Switches the sound of new messages; switched on, it is heard at once. */
export function soundSwitch(on: boolean, choose: (on: boolean) => void): HTMLElement {
	const button: HTMLButtonElement = h('button', {
		type: 'button',
		'aria-pressed': String(on),
		onclick: () => {
			const wanted = button.getAttribute('aria-pressed') !== 'true';
			set(button, 'aria-pressed', String(wanted));
			choose(wanted);
			if (wanted) ding();
		}
	}, t('sound'));
	return button;
}
