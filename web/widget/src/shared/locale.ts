/** The languages that the product speaks. */
export const LOCALES = ['fi', 'sv', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** The first of some language tags (`fi-FI`, `en_GB`) that we speak. */
export function pickLocale(tags: readonly (string | null | undefined)[]): Locale | null {
	for (const tag of tags) {
		const base = tag?.toLowerCase().split(/[-_]/)[0];
		const found = LOCALES.find((locale) => locale === base);
		if (found) return found;
	}
	return null;
}
