/**
 * Fails when a text is missing in a language, is used but not written, is written but not used, or when its parameters
 * differ between languages. Keys are found in the sources: `t('a.b')`, `label: 'a.b'`, and with a variable part
 * `t(`a.${b}`)` or `textOf('a', code)`, which use every key that fits.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LANGUAGES = ['fi', 'sv', 'en'];
const root = fileURLToPath(new URL('../..', import.meta.url));
const sets = [{ name: 'console', sources: ['web/console/src'] }];

function sourceFiles(folder) {
	return readdirSync(folder, { withFileTypes: true, recursive: true })
		.filter((entry) => entry.isFile() && /\.(svelte|ts)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
		.map((entry) => join(entry.parentPath, entry.name));
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const parametersOf = (text) => [...new Set([...text.matchAll(/\{(\w+)[,}]/g)].map((match) => match[1]))].filter((name) => !['one', 'other', 'few', 'many'].includes(name)).sort().join();

const problems = [];
for (const set of sets) {
	const texts = Object.fromEntries(LANGUAGES.map((language) => [language, JSON.parse(readFileSync(join(root, 'i18n', language, `${set.name}.json`), 'utf8'))]));
	const code = set.sources.filter((folder) => existsSync(join(root, folder))).flatMap((folder) => sourceFiles(join(root, folder))).map((file) => readFileSync(file, 'utf8')).join('\n');

	const exact = new Set();
	for (const match of code.matchAll(/'([a-z][\w]*(?:\.[\w:]+)+)'/g)) exact.add(match[1]);
	const called = new Set([...code.matchAll(/\bt\(\s*'([^']+)'/g)].map((match) => match[1]));
	const patterns = [];
	for (const match of code.matchAll(/`([a-z]\w*\.[^`\n]*\$\{[^`\n]*)`/g)) {
		const pattern = match[1].split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/).map(escaped).join('[\\w:.]+');
		patterns.push(new RegExp(`^${pattern}$`));
	}
	for (const match of code.matchAll(/textOf\(\s*'([^']+)'/g)) patterns.push(new RegExp(`^${escaped(match[1])}\\.`));

	const keys = new Set(LANGUAGES.flatMap((language) => Object.keys(texts[language])));
	for (const key of keys) {
		for (const language of LANGUAGES) {
			const text = texts[language][key];
			if (text === undefined || text.trim() === '') problems.push(`${set.name}: ${key} has no text in ${language}`);
			else if (parametersOf(text) !== parametersOf(texts.fi[key] ?? '')) problems.push(`${set.name}: ${key} takes other parameters in ${language} than in fi`);
		}
		if (!exact.has(key) && !patterns.some((pattern) => pattern.test(key))) problems.push(`${set.name}: ${key} is not used`);
	}
	for (const key of called) if (!keys.has(key)) problems.push(`${set.name}: ${key} is used but not written`);
	for (const language of LANGUAGES) {
		const order = Object.keys(texts[language]);
		if (order.some((key, at) => at > 0 && order[at - 1] > key)) problems.push(`${set.name}: ${language} is not in the order of its keys`);
	}
}
// Every code with which the server refuses something has its sentence: nobody is told "it did not work".
const refusals = [
	/(?:errors?|wrong)\.add\(\s*(?:format!\((?:[^()]|\([^()]*\))*\)|[^,()]+(?:\([^()]*\))?)\s*,\s*"([a-z_]+)"/g,
	/Problem::field\(\s*(?:format!\((?:[^()]|\([^()]*\))*\)|[^,]+?)\s*,\s*"([a-z_]+)"/g,
	/Problem::new\(\s*ProblemKind::\w+\s*,\s*"([a-z_]+)"/g,
	/Problem::(?:invalid|conflict)\(\s*"([a-z_]+)"/g
];
const sentences = JSON.parse(readFileSync(join(root, 'i18n', 'fi', 'console.json'), 'utf8'));
for (const entry of readdirSync(join(root, 'crates'), { withFileTypes: true, recursive: true })) {
	if (!entry.isFile() || !entry.name.endsWith('.rs')) continue;
	const source = readFileSync(join(entry.parentPath, entry.name), 'utf8').split('#[cfg(test)]')[0];
	for (const pattern of refusals) {
		for (const [, code] of source.matchAll(pattern)) {
			if (!(`problem.${code}` in sentences)) problems.push(`console: problem.${code}, with which ${entry.name} refuses, has no text`);
		}
	}
}
if (problems.length > 0) {
	console.error(problems.join('\n'));
	process.exit(1);
}
console.log('texts: complete in', LANGUAGES.join(', '));
