/** Colour arithmetic after WCAG 2.2: relative luminance and contrast ratio of sRGB colours. */
export type Rgb = readonly [number, number, number];

/** Reads `#rrggbb`, as the server keeps colours; anything else is `null`. */
export function parseColour(text: string | null | undefined): Rgb | null {
	const hex = /^#([0-9a-f]{6})$/i.exec(text ?? '')?.[1];
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
const BLACK: Rgb = [0, 0, 0];

export const css = (colour: Rgb): string => `rgb(${colour.join(' ')})`;

/** `colour`, moved towards black or white just as far as it must to reach `ratio` against `ground`. */
export function readable(colour: Rgb, ground: Rgb, ratio: number): Rgb {
	const towards = contrast(WHITE, ground) > contrast(BLACK, ground) ? WHITE : BLACK;
	for (let step = 0; step <= 20; step += 1) {
		const candidate = mix(colour, towards, step / 20);
		if (contrast(candidate, ground) >= ratio) return candidate;
	}
	return towards;
}

/** The company's colour, or ours when it has none that can be read. */
export const brandOf = (text: string | null | undefined): Rgb => parseColour(text) ?? [36, 87, 214];

/**
 * The text on a ground of the brand's colour, at least 4.5 : 1. White is what people expect there and wins as soon as it can be
 * read; where it cannot, black can: no colour is closer than 4.58 : 1 to both.
 */
export const textOn = (brand: Rgb): Rgb => (1.05 / (luminance(brand) + 0.05) >= 4.5 ? WHITE : BLACK);

/** A faint ground of the brand on `surface`. */
export const softened = (brand: Rgb, surface: Rgb): Rgb => mix(surface, brand, 0.1);
