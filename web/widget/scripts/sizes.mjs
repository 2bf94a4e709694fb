/** Fails when the widget grows over its budget: bytes after gzip, the worse of the two encodings, of all that a first open needs. */
import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const LOADER = 6 * 1024;
const FIRST_OPEN = 30 * 1024;

const size = async (name) => (await stat(`${dist}${name}.gz`)).size;
const assets = (await readdir(`${dist}assets`)).filter((name) => /\.(js|css)$/.test(name));
const loader = await size('ennakoi.js');
const languages = assets.filter((name) => /^(fi|sv|en)-/.test(name));
// What a first open does not ask for is counted by itself.
const later = assets.filter((name) => name.startsWith('later-'));
const rest = assets.filter((name) => !languages.includes(name) && !later.includes(name));
if (languages.length !== 3) throw new Error(`expected a module for each of three languages, found ${languages.length}`);

const language = Math.max(...(await Promise.all(languages.map((name) => size(`assets/${name}`)))));
let total = loader + language + (await size('panel.html'));
for (const name of rest) total += await size(`assets/${name}`);

let asked = 0;
for (const name of later) asked += await size(`assets/${name}`);

console.log(JSON.stringify({ loader_bytes: loader, loader_limit: LOADER, first_open_bytes: total, first_open_limit: FIRST_OPEN, largest_language_bytes: language, later_bytes: asked }));
if (loader > LOADER || total > FIRST_OPEN) {
	console.error('the widget is larger than it may be');
	process.exit(1);
}
