import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '@ennakoi/api';
import { backoff, createLive, type Link, type SocketLike } from './socket';

class FakeSocket implements SocketLike {
	sent: unknown[] = [];
	closed = false;
	onopen: (() => void) | null = null;
	onmessage: ((event: { data: unknown }) => void) | null = null;
	onclose: (() => void) | null = null;
	onerror: (() => void) | null = null;
	send(text: string) {
		this.sent.push(JSON.parse(text));
	}
	close() {
		this.closed = true;
	}
	says(frame: ServerFrame) {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}
}

/** Timers that run when the test says so. */
function rig() {
	const sockets: FakeSocket[] = [];
	const timers = new Map<number, { run: () => void; milliseconds: number }>();
	const links: Link[] = [];
	const frames: ServerFrame[] = [];
	let seq: number | null = null;
	let next = 0;
	const live = createLive({
		open: () => {
			const socket = new FakeSocket();
			sockets.push(socket);
			return socket;
		},
		lastSeq: () => seq,
		onFrame: (frame) => frames.push(frame),
		onLink: (link) => links.push(link),
		random: () => 1,
		setTimer: (run, milliseconds) => (timers.set((next += 1), { run, milliseconds }), next),
		clearTimer: (timer) => timers.delete(timer as number)
	});
	const fire = (milliseconds: number) => {
		const found = [...timers].find(([, timer]) => timer.milliseconds === milliseconds);
		if (!found) throw new Error(`no timer of ${milliseconds} ms among ${[...timers.values()].map((timer) => timer.milliseconds).join()}`);
		timers.delete(found[0]);
		found[1].run();
	};
	return { live, sockets, links, frames, timers, fire, setSeq: (value: number) => (seq = value) };
}

describe('live connection', () => {
	it('says where it stands and resumes from there after the line broke', () => {
		const { live, sockets, links, fire, setSeq } = rig();
		live.start();
		sockets[0]!.onopen?.();
		expect(sockets[0]!.sent).toEqual([{ type: 'hello', last_seq: null }]);
		sockets[0]!.says({ type: 'welcome', seq: 40, resumed: false });
		setSeq(41);
		sockets[0]!.onclose?.();
		fire(500);
		sockets[1]!.onopen?.();
		expect(sockets[1]!.sent).toEqual([{ type: 'hello', last_seq: 41 }]);
		expect(links).toEqual(['connecting', 'open', 'lost', 'connecting']);
	});

	it('waits longer after each failure and forgets that after a welcome', () => {
		const { live, sockets, fire } = rig();
		live.start();
		sockets[0]!.onclose?.();
		fire(500);
		sockets[1]!.onclose?.();
		fire(1000);
		sockets[2]!.says({ type: 'welcome', seq: 1, resumed: true });
		sockets[2]!.onclose?.();
		fire(500);
		expect(sockets).toHaveLength(4);
	});

	it('gives up a line that went silent', () => {
		const { live, sockets, fire, links } = rig();
		live.start();
		sockets[0]!.says({ type: 'welcome', seq: 1, resumed: true });
		fire(60_000);
		expect(sockets[0]!.closed).toBe(true);
		expect(links.at(-1)).toBe('lost');
	});

	it('sends nothing before the welcome, and leaves no timer after stop', () => {
		const { live, sockets, timers } = rig();
		live.start();
		expect(live.send({ type: 'focus', conversation: 'c-1' })).toBe(false);
		sockets[0]!.says({ type: 'welcome', seq: 1, resumed: true });
		expect(live.send({ type: 'focus', conversation: 'c-1' })).toBe(true);
		live.stop();
		expect(timers.size).toBe(0);
		expect(sockets[0]!.closed).toBe(true);
	});
});

describe('backoff', () => {
	it('stays between half and the whole of a doubling, capped wait', () => {
		for (let attempt = 0; attempt < 20; attempt += 1) {
			const whole = Math.min(30_000, 500 * 2 ** attempt);
			expect(backoff(attempt, () => 0)).toBe(whole / 2);
			expect(backoff(attempt, () => 1)).toBe(whole);
		}
	});
});
