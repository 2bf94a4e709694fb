import { Widget } from './main';

/** The site's side: `Ennakoi('open')`. Calls made before the script came wait in `q`. */
interface Api {
	(command: string, ...rest: unknown[]): void;
	q?: ArrayLike<unknown>[];
	version?: string;
}

declare global {
	interface Window {
		Ennakoi?: Api;
	}
}

function start(): void {
	const before = window.Ennakoi;
	const script = (document.currentScript ?? document.querySelector('script[src*="/w/v1/ennakoi.js"]')) as HTMLScriptElement | null;
	// Included twice: the first one stays.
	if (!script || before?.version) return;
	const widget = new Widget({ base: new URL(script.src).origin, nonce: script.nonce ?? '', attributes: script.dataset });
	const commands = widget as unknown as Record<string, (...rest: unknown[]) => unknown>;
	const api: Api = (command, ...rest) => {
		// What is not a command is private to the class and not found here.
		if (command === 'constructor' || typeof commands[command] !== 'function') console.warn(`Ennakoi: unknown command "${command}"`);
		else commands[command](...rest);
	};
	api.version = '1';
	window.Ennakoi = api;
	const begin = (): void => {
		const waiting = Array.from(before?.q ?? [], (call) => Array.from(call) as [string, ...unknown[]]);
		// What listens comes before the boot that it is to hear of.
		const early = waiting.filter(([command]) => command === 'on');
		for (const call of early) api(...call);
		if (script.dataset.key && script.dataset.boot !== 'manual' && !waiting.some(([command]) => command === 'boot')) void widget.boot();
		for (const call of waiting) if (!early.includes(call)) api(...call);
	};
	if (document.body) begin();
	else addEventListener('DOMContentLoaded', begin);
}

start();
