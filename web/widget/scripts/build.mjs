/** Builds what the server embeds: `dist/ennakoi.js`, `dist/panel.html` and `dist/assets/`, each with `.br` and `.gz` beside it. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist/`;
const target = ['chrome111', 'firefox121', 'safari16.4'];
const shared = { configFile: false, root, logLevel: 'warn', publicDir: false, base: '/w/v1/' };

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

/** The loader is one classic script: it must know the tag that it came by. */
await build({
	...shared,
	build: {
		target,
		outDir: dist,
		emptyOutDir: false,
		lib: { entry: `${root}src/loader/entry.ts`, formats: ['iife'], name: 'EnnakoiLoader', fileName: () => 'ennakoi.js' }
	}
});

/** Languages bring no styles with them: the helper that would wait for styles is dead weight. */
const bareImports = {
	name: 'bare-imports',
	enforce: 'pre',
	load: (id) => (id.includes('vite/preload-helper') ? 'export const __vitePreload = (load) => load();' : null)
};

/**
 * Sentences are named by number in what is delivered. Only names that the sources use as `t('name'` and in no other way: those
 * that are put together at run time keep their names. The launcher's words are in the loader already.
 */
const sources = (await Promise.all((await readdir(`${root}src/panel`, { recursive: true })).filter((name) => /(?<!test)\.ts$/.test(name)).map((name) => readFile(`${root}src/panel/${name}`, 'utf8')))).join('\n');
const count = (pattern) => [...sources.matchAll(new RegExp(pattern, 'g'))].length;
const texts = async (file) => Object.keys(JSON.parse(await readFile(`${root}../../i18n/en/${file}.json`, 'utf8')));
const names = [...(await texts('widget')), ...(await texts('widget-later'))].filter((name) => name === 'launcher_title' || !name.startsWith('launcher_'));
const short = new Map(names.map((name, index) => [name, count(`'${name}'`) > 0 && count(`'${name}'`) === count(`\\bt\\('${name}'`) ? index.toString(36) : name]));
const shortNames = {
	name: 'short-names',
	enforce: 'pre',
	transform(code, id) {
		if (/i18n\/\w+\/widget(-later)?\.json$/.test(id)) {
			const words = JSON.parse(code);
			return JSON.stringify(Object.fromEntries(names.filter((name) => name in words).map((name) => [short.get(name), words[name]])));
		}
		return id.includes('/src/panel/') && id.endsWith('.ts') ? code.replace(/\bt\('(\w+)'/g, (_, name) => `t('${short.get(name)}'`) : null;
	}
};

/** The panel: one module, one stylesheet, a module for each language. */
const built = await build({
	...shared,
	plugins: [bareImports, shortNames],
	json: { namedExports: false, stringify: false },
	build: {
		target,
		outDir: dist,
		emptyOutDir: false,
		modulePreload: false,
		assetsInlineLimit: 0,
		rollupOptions: {
			input: `${root}src/panel/main.ts`,
			output: {
				entryFileNames: 'assets/panel-[hash].js',
				chunkFileNames: ({ facadeModuleId }) => {
					const [, language, file] = /i18n\/(\w+)\/([\w-]+)\.json/.exec(facadeModuleId ?? '') ?? [];
					const later = file === 'widget-later' || /\/later\.ts$/.test(facadeModuleId ?? '');
					return `assets/${later ? 'later-' : ''}${language ?? 'part'}-[hash].js`;
				},
				assetFileNames: 'assets/panel-[hash][extname]'
			}
		}
	}
});

const { output } = Array.isArray(built) ? built[0] : built;
const script = output.find((file) => file.type === 'chunk' && file.isEntry)?.fileName;
const style = output.find((file) => file.fileName.endsWith('.css'))?.fileName;
if (!script || !style) throw new Error('the panel was built without script or style');
const page = await readFile(`${root}src/panel/panel.html`, 'utf8');
await writeFile(`${dist}panel.html`, page.replace('%SCRIPT%', `/w/v1/${script}`).replace('%STYLE%', `/w/v1/${style}`).replace(/\n\s*/g, ''));

for (const name of await readdir(dist, { recursive: true })) {
	if (!/\.(js|css|html)$/.test(name)) continue;
	const bytes = await readFile(dist + name);
	await writeFile(`${dist}${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
	await writeFile(`${dist}${name}.gz`, gzipSync(bytes, { level: 9 }));
}
