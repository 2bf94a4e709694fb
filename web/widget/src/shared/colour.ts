/** Colour arithmetic after WCAG 2.2: relative luminance and contrast ratio of sRGB colours. */
export type Rgb = readonly [number, number, number];

/** Reads `#rgb` or `#rrggbb`; anything else is `null`. */
export function parseColour(text: string | null | undefined): Rgb | null {
	const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text ?? '');
	const hex = short ? short.slice(1).map((digit) => digit + digit).join('') : /^#([0-9a-f]{6})$/i.exec(text ?? '')?.[1];
	if (!hex) return null;
	const value = parseInt(hex, 16);
	return [value >> 16, (value >> 8) & 255, value & 255];
}

const channel = (value: number): number => {
	const share = value / 255;
	return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

const luminance = ([red, green, blue]: Rgb): number => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(one: Rgb, other: Rgb): number {
	const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
	return (light + 0.05) / (dark + 0.05);
}

const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
	from.map((value, index) => Math.round(value + ((to[index] ?? 0) - value) * share)) as unknown as Rgb;

const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [17, 20, 24];

export const css = (colour: Rgb): string => `rgb(${colour.join(' ')})`;

/** `colour`, moved towards black or white just as far as it must to reach `ratio` against `ground`. */
export function readable(colour: Rgb, ground: Rgb, ratio: number): Rgb {
	const towards = contrast(WHITE, ground) > contrast([0, 0, 0], ground) ? WHITE : ([0, 0, 0] as const);
	for (let step = 0; step <= 20; step += 1) {
		const candidate = mix(colour, towards, step / 20);
		if (contrast(candidate, ground) >= ratio) return candidate;
	}
	return towards;
}

/** The company's colour, or ours when it has none that can be read. */
export const brandOf = (text: string | null | undefined): Rgb => parseColour(text) ?? [36, 87, 214];

/**
 * A ground of the brand's colour and the text on it, at least 4.5 : 1. White is what people expect on a brand colour and wins as
 * soon as it can be read; the ground is darkened only when neither white nor near-black could.
 */
export function groundOf(brand: Rgb): [ground: Rgb, text: Rgb] {
	if (contrast(WHITE, brand) >= 4.5) return [brand, WHITE];
	return contrast(BLACK, brand) >= 4.5 ? [brand, BLACK] : [readable(brand, WHITE, 4.5), WHITE];
}

/** A faint ground of the brand on `surface`. */
export const softened = (brand: Rgb, surface: Rgb): Rgb => mix(surface, brand, 0.1);
