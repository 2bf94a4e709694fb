/**
 * Moves the inline start script of the built page into a file of its own, so that the page works under
 * `script-src 'self'` without hashes. Run after `vite build` with the folder of the build.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? 'build');
const page = join(folder, 'index.html');
const html = readFileSync(page, 'utf8');
const inline = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)];
if (inline.length !== 1) throw new Error(`expected one inline script in ${page}, found ${inline.length}`);
const [whole, body] = inline[0];
const script = body.replace(/^\n+|\s+$/g, '') + '\n';
const name = `start.${createHash('sha256').update(script).digest('hex').slice(0, 12)}.js`;
writeFileSync(join(folder, '_app', 'immutable', name), script);
writeFileSync(page, html.replace(whole, `<script src="/app/_app/immutable/${name}"></script>`));
console.log(`start script: _app/immutable/${name}`);
