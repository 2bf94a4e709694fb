import type { ClientFrame, ServerFrame } from '@ennakoi/api';

export type Link = 'connecting' | 'open' | 'lost' | 'stopped';

/** The part of the browser's WebSocket that is used; tests pass their own. */
export type SocketLike = {
	send(text: string): void;
	close(): void;
	onopen: (() => void) | null;
	onmessage: ((event: { data: unknown }) => void) | null;
	onclose: (() => void) | null;
	onerror: (() => void) | null;
};

export type LiveConfig = {
	open: () => SocketLike;
	/** The last change that is on the screen; the server sends what came after it. */
	lastSeq: () => number | null;
	onFrame: (frame: ServerFrame) => void;
	onLink: (link: Link) => void;
	random?: () => number;
	setTimer?: (run: () => void, milliseconds: number) => unknown;
	clearTimer?: (timer: unknown) => void;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PING_EVERY_MS = 25_000;
/** No frame at all for this long: the line is dead although nobody said so. */
const SILENCE_MS = 60_000;

/** How long to wait before attempt `n` (0-based): doubling, capped, spread over half to whole so that a thousand desks do not return at once. */
export function backoff(attempt: number, random: () => number): number {
	const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
	return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

export type Live = {
	start(): void;
	stop(): void;
	send(frame: ClientFrame): boolean;
	/** Tries at once (the browser says that the network is back, or the page was shown again). */
	nudge(): void;
};

export function createLive(config: LiveConfig): Live {
	const random = config.random ?? Math.random;
	const setTimer = config.setTimer ?? ((run, milliseconds) => setTimeout(run, milliseconds));
	const clearTimer = config.clearTimer ?? ((timer) => clearTimeout(timer as ReturnType<typeof setTimeout>));
	let socket: SocketLike | null = null;
	let welcomed = false;
	let attempt = 0;
	let stopped = true;
	let retryTimer: unknown = null;
	let pingTimer: unknown = null;
	let silenceTimer: unknown = null;

	function clearTimers() {
		for (const timer of [retryTimer, pingTimer, silenceTimer]) if (timer !== null) clearTimer(timer);
		retryTimer = pingTimer = silenceTimer = null;
	}

	function heard() {
		if (silenceTimer !== null) clearTimer(silenceTimer);
		silenceTimer = setTimer(() => drop(), SILENCE_MS);
	}

	function ping() {
		write({ type: 'ping' });
		pingTimer = setTimer(ping, PING_EVERY_MS);
	}

	function write(frame: ClientFrame): boolean {
		if (!socket) return false;
		try {
			socket.send(JSON.stringify(frame));
			return true;
		} catch {
			return false;
		}
	}

	function drop() {
		const old = socket;
		socket = null;
		welcomed = false;
		clearTimers();
		if (old) {
			old.onopen = old.onmessage = old.onclose = old.onerror = null;
			old.close();
		}
		if (stopped) return;
		config.onLink('lost');
		retryTimer = setTimer(connect, backoff(attempt, random));
		attempt += 1;
	}

	function connect() {
		clearTimers();
		if (stopped) return;
		config.onLink('connecting');
		const current = config.open();
		socket = current;
		heard();
		current.onopen = () => write({ type: 'hello', last_seq: config.lastSeq() });
		current.onclose = drop;
		current.onerror = drop;
		current.onmessage = (event) => {
			heard();
			let frame: ServerFrame;
			try {
				frame = JSON.parse(String(event.data)) as ServerFrame;
			} catch {
				return;
			}
			if (frame.type === 'welcome') {
				welcomed = true;
				attempt = 0;
				pingTimer = setTimer(ping, PING_EVERY_MS);
				config.onLink('open');
			}
			config.onFrame(frame);
		};
	}

	return {
		start() {
			if (!stopped) return;
			stopped = false;
			attempt = 0;
			connect();
		},
		stop() {
			stopped = true;
			drop();
			config.onLink('stopped');
		},
		send: (frame) => (welcomed ? write(frame) : false),
		nudge() {
			if (stopped || socket) return;
			attempt = 0;
			connect();
		}
	};
}
