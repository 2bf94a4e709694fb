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

/** The launcher's words are in the loader already. */
const panelWords = {
	name: 'panel-words',
	enforce: 'pre',
	transform: (code, id) =>
		/i18n\/\w+\/widget\.json$/.test(id)
			? JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(code)).filter(([key]) => key === 'launcher_title' || !key.startsWith('launcher_'))))
			: null
};

/** The panel: one module, one stylesheet, a module for each language. */
const built = await build({
	...shared,
	plugins: [bareImports, panelWords],
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
				chunkFileNames: ({ facadeModuleId }) => `assets/${/i18n\/(\w+)\//.exec(facadeModuleId ?? '')?.[1] ?? 'part'}-[hash].js`,
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
