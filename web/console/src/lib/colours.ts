/** Relative luminance of `#rrggbb` (WCAG 2). */
function luminance(colour: string): number {
	const channels = [1, 3, 5].map((at) => {
		const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
		return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * (channels[0] ?? 0) + 0.7152 * (channels[1] ?? 0) + 0.0722 * (channels[2] ?? 0);
}

/** Contrast of two colours, 1–21 (WCAG 2). */
export function contrast(a: string, b: string): number {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
	return (light + 0.05) / (dark + 0.05);
}

/** White or near-black, whichever is easier to read on a ground; white where both are good. */
export function readableOn(ground: string): '#ffffff' | '#10201f' {
	return contrast(ground, '#ffffff') >= Math.min(4.5, contrast(ground, '#10201f')) ? '#ffffff' : '#10201f';
}
