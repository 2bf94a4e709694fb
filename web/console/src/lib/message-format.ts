/**
 * The part of ICU message syntax the screens use: `{name}` and `{count, plural, one {# item} other {# items}}`, whose
 * branches may hold names. Plural forms come from the language's own rules; `=0 {none}` is for that very number.
 */
export type Parameters = Record<string, string | number>;

const PLURAL = /\{(\w+), plural, ((?:=?\w+ \{(?:[^{}]|\{\w+\})*\}\s*)+)\}/g;
const BRANCH = /(=?\w+) \{((?:[^{}]|\{\w+\})*)\}/g;

export function formatMessage(template: string, parameters: Parameters | undefined, language: string): string {
	if (!parameters || !template.includes('{')) return template;
	const plain = template.replace(PLURAL, (_whole, name: string, branches: string) => {
		const count = Number(parameters[name] ?? 0);
		const form = new Intl.PluralRules(language).select(count);
		const found = new Map([...branches.matchAll(BRANCH)].map((match) => [match[1]!, match[2]!]));
		const chosen = found.get(`=${count}`) ?? found.get(form) ?? found.get('other') ?? '';
		return chosen.replaceAll('#', new Intl.NumberFormat(language).format(count));
	});
	return plain.replace(/\{(\w+)\}/g, (whole, name: string) => {
		const value = parameters[name];
		if (value === undefined) return whole;
		return typeof value === 'number' ? new Intl.NumberFormat(language).format(value) : value;
	});
}
