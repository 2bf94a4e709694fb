import { problemText } from '$lib/problems';

export type Toast = { id: number; text: string; tone: 'plain' | 'bad'; action?: { label: string; run: () => void }; until: number };

const PLAIN_MS = 5_000;
export const UNDO_MS = 10_000;

class Toasts {
	items = $state.raw<Toast[]>([]);
	#next = 1;

	show(text: string, options: { tone?: 'plain' | 'bad'; action?: Toast['action']; milliseconds?: number } = {}): number {
		const id = this.#next++;
		const milliseconds = options.milliseconds ?? (options.action ? UNDO_MS : PLAIN_MS);
		const toast: Toast = { id, text, tone: options.tone ?? 'plain', until: Date.now() + milliseconds };
		if (options.action) toast.action = options.action;
		this.items = [...this.items.slice(-3), toast];
		setTimeout(() => this.dismiss(id), milliseconds);
		return id;
	}

	problem(error: unknown): void {
		this.show(problemText(error), { tone: 'bad', milliseconds: 8_000 });
	}

	dismiss(id: number): void {
		this.items = this.items.filter((toast) => toast.id !== id);
	}

	/** Does what the newest toast offers; true when there was one. */
	runNewest(): boolean {
		const newest = this.items.findLast((toast) => toast.action);
		if (!newest) return false;
		this.dismiss(newest.id);
		newest.action?.run();
		return true;
	}
}

export const toasts = new Toasts();

/** Runs a call and tells about a refusal; undefined when it failed. */
export async function attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
	try {
		return await call();
	} catch (error) {
		toasts.problem(error);
		return undefined;
	}
}
