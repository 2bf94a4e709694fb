import { sveltekit } from '@sveltejs/kit/vite';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The server that answers everything but the console itself while developing. */
const server = process.env.ENNAKOI_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [sveltekit()],
	server: {
		fs: { allow: [fileURLToPath(new URL('../..', import.meta.url))] },
		proxy: { '/api': { target: server, ws: true }, '/w': server, '/widget': server, '/help': server }
	},
	build: { target: 'es2022', assetsInlineLimit: 0 },
	test: { include: ['src/**/*.test.ts'] }
});
