import { brandOf, css, readable, type Rgb, softened, textOn } from '../shared/colour';

export const TEXT_SIZES = [87.5, 100, 112.5, 125, 150, 175, 200] as const;
export const NORMAL = 1;

/** How the visitor, the company and the device want the panel to look. */
export interface Look {
	brand: string;
	theme: string;
	/** Index into [`TEXT_SIZES`]. */
	text: number;
	/** More contrast than usual. */
	contrast: boolean;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const more = matchMedia('(prefers-contrast: more)');

/** The next or last text size, or the normal one (0). */
export const stepText = (now: number, by: -1 | 0 | 1): number => (by === 0 ? NORMAL : Math.min(TEXT_SIZES.length - 1, Math.max(0, now + by)));

/** Puts a look onto the page. The size counts on the browser's own, which some people have made larger. */
export function wear(look: Look): void {
	const root = document.documentElement;
	const isDark = look.theme === 'dark' || (look.theme !== 'light' && dark.matches);
	const strong = look.contrast || more.matches;
	root.dataset.theme = isDark ? 'dark' : 'light';
	root.dataset.contrast = strong ? 'more' : 'usual';
	root.style.fontSize = look.text === NORMAL ? '' : `${TEXT_SIZES[look.text] ?? 100}%`;
	root.dataset.large = String((TEXT_SIZES[look.text] ?? 0) >= 150);
	const surface: Rgb = strong ? (isDark ? [0, 0, 0] : [255, 255, 255]) : isDark ? [23, 26, 32] : [255, 255, 255];
	// Links stand in bubbles too, whose ground is the nearer to theirs.
	const behind: Rgb = strong ? surface : isDark ? [36, 41, 50] : [242, 243, 245];
	const colour = brandOf(look.brand);
	const ground: Rgb = !strong ? colour : isDark ? [0, 0, 0] : readable(colour, [255, 255, 255], 9);
	const colours = { brand: ground, 'on-brand': textOn(ground), 'brand-text': readable(colour, behind, strong ? 9 : 5), 'brand-soft': softened(colour, surface) };
	for (const [name, value] of Object.entries(colours)) {
		root.style.setProperty(`--${name}`, css(value));
	}
}

/** Tells when the device's own wishes change. */
export function watchDevice(changed: () => void): void {
	dark.addEventListener('change', changed);
	more.addEventListener('change', changed);
}
