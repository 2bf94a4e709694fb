import type finnish from '$i18n/fi/console.json';
import { LOCALES, type Locale } from '@ennakoi/api';
import { formatMessage, type Parameters } from '$lib/message-format';

export type Key = keyof typeof finnish;
type Messages = Record<Key, string>;

/** Only the language in use is loaded. */
const loaders: Record<Locale, () => Promise<{ default: Messages }>> = {
	fi: () => import('$i18n/fi/console.json'),
	sv: () => import('$i18n/sv/console.json'),
	en: () => import('$i18n/en/console.json')
};
/** The region decides dates and sums: all three are used in Finland. */
const REGIONAL: Record<Locale, string> = { fi: 'fi-FI', sv: 'sv-FI', en: 'en-GB' };
const REMEMBERED = 'ennakoi.locale';

class I18n {
	locale = $state<Locale>('fi');
	messages = $state.raw<Messages | null>(null);

	get tag(): string {
		return REGIONAL[this.locale];
	}

	async use(locale: Locale): Promise<void> {
		if (this.messages && this.locale === locale) return;
		this.messages = (await loaders[locale]()).default;
		this.locale = locale;
		document.documentElement.lang = locale;
		localStorage.setItem(REMEMBERED, locale);
	}
}

export const i18n = new I18n();

/** Before anybody signed in: what was used here last, else the browser's first language that we speak. */
export function guessLocale(): Locale {
	const wanted = [localStorage.getItem(REMEMBERED) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2));
	return wanted.map((tag) => LOCALES.find((locale) => locale === tag)).find((locale) => locale !== undefined) ?? 'en';
}

export function t(key: Key, parameters?: Parameters): string {
	return formatMessage(i18n.messages?.[key] ?? key, parameters, i18n.tag);
}

/** The text of a key that the server composed (codes of problems, events, reasons), or null when there is none. */
export function textOf(prefix: string, code: string, parameters?: Parameters): string | null {
	const template = i18n.messages?.[`${prefix}.${code}` as Key];
	return template === undefined ? null : formatMessage(template, parameters, i18n.tag);
}
