import type { FlowWay } from '$lib/api';

export type Placed = { id: string; x: number; y: number };
export const BOX = { width: 190, height: 58, across: 34, down: 74 };

/** Steps in rows: each as far down as the shortest way to it from the first, the unreachable ones below. */
export function place(steps: readonly { id: string }[], ways: readonly { from: string; to: string }[]): Map<string, Placed> {
	const depth = new Map<string, number>();
	const open: string[] = steps[0] ? [steps[0].id] : [];
	if (steps[0]) depth.set(steps[0].id, 0);
	while (open.length > 0) {
		const id = open.shift()!;
		for (const way of ways) {
			if (way.from !== id || depth.has(way.to)) continue;
			depth.set(way.to, depth.get(id)! + 1);
			open.push(way.to);
		}
	}
	const last = Math.max(0, ...depth.values());
	const rows = new Map<number, string[]>();
	for (const step of steps) {
		const row = depth.get(step.id) ?? last + 1;
		rows.set(row, [...(rows.get(row) ?? []), step.id]);
	}
	const placed = new Map<string, Placed>();
	const widest = Math.max(1, ...[...rows.values()].map((row) => row.length));
	for (const [row, ids] of rows) {
		const indent = ((widest - ids.length) * (BOX.width + BOX.across)) / 2;
		ids.forEach((id, at) => placed.set(id, { id, x: indent + at * (BOX.width + BOX.across), y: row * (BOX.height + BOX.down) }));
	}
	return placed;
}

/** Where an arrow key leads from a step: down along a way, up against one, sideways in the row. */
export function neighbour(id: string, key: string, placed: Map<string, Placed>, ways: readonly FlowWay[]): string | null {
	const here = placed.get(id);
	if (!here) return null;
	if (key === 'ArrowDown') return ways.find((way) => way.from === id)?.to ?? null;
	if (key === 'ArrowUp') return ways.find((way) => way.to === id)?.from ?? null;
	const row = [...placed.values()].filter((one) => one.y === here.y).sort((a, b) => a.x - b.x);
	const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
	return step === 0 ? null : (row[row.findIndex((one) => one.id === id) + step]?.id ?? null);
}

export type Label = { x: number; y: number; texts: string[] };

/** What leads to a step stands above it, where there is room: at the foot of a step with many ways their labels would lie on each other. */
export function labels(placed: Map<string, Placed>, ways: readonly FlowWay[], name: (way: string) => string): Label[] {
	const found = new Map<string, Label>();
	for (const way of ways) {
		const to = placed.get(way.to);
		const text = name(way.way);
		if (!to || text === '') continue;
		const label = found.get(way.to) ?? { x: to.x + BOX.width / 2, y: to.y - 15, texts: [] };
		if (!label.texts.includes(text)) label.texts.push(text);
		found.set(way.to, label);
	}
	return [...found.values()];
}
