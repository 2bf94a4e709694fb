import adapter from '@sveltejs/adapter-static';

/** @type {import('@sveltejs/kit').Config} */
export default {
	compilerOptions: { runes: true },
	kit: {
		// The server embeds `build` and answers every unknown path under /app/ with index.html.
		adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html', precompress: false }),
		paths: { base: '/app', relative: false },
		alias: { $i18n: '../../i18n' }
	}
};
