import type { Locale, PerLocale } from '@ennakoi/api';

/** A text in the wanted language, else in any there is. */
export function localText(texts: PerLocale, wanted: Locale): string {
	return texts[wanted] || texts.fi || texts.en || texts.sv || '';
}
