/** A server of one's own on an empty database, for tests that begin at the very beginning. */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const freePort = () =>
	new Promise((resolve) => {
		const probe = createServer().listen(0, '127.0.0.1', () => {
			const { port } = probe.address();
			probe.close(() => resolve(port));
		});
	});

/** What the models have learned is the same for every server of this build: the next one need not learn it again. */
function keepLearned(folder, learned) {
	mkdirSync(learned, { recursive: true });
	for (const name of readdirSync(folder).filter((one) => /^language-.*\.bin$/.test(one) && !existsSync(join(learned, one)))) {
		// Under its own name only when it is whole.
		copyFileSync(join(folder, name), join(learned, `${name}.part`));
		renameSync(join(learned, `${name}.part`), join(learned, name));
	}
}

/** `url` is by name, not by number: passkeys belong to a name. */
export async function start(environment = {}) {
	const folder = mkdtempSync(join(tmpdir(), 'ennakoi-'));
	const learned = join(root, 'target', 'learned');
	// What the models learn takes a while; earlier tests have kept it.
	try {
		for (const name of readdirSync(learned)) copyFileSync(join(learned, name), join(folder, name));
	} catch {
		// Nothing kept yet: the server learns it now.
	}
	const port = await freePort();
	const server = spawn(process.env.ENNAKOI_PROGRAM ?? join(root, 'target', 'debug', 'ennakoi'), ['serve'], {
		env: {
			// Only what a program needs: the tests' own variables are not the server's settings.
			PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: tmpdir(),
			DATABASE_URL: `sqlite:${folder}/ennakoi.db`, ENNAKOI_FILES_URL: `file:${folder}/files`, ENNAKOI_SECURITY_SECRET_FILE: `${folder}/secret`, ENNAKOI_SERVER_LISTEN: `127.0.0.1:${port}`,
			ENNAKOI_LOG_LEVEL: 'warn', ENNAKOI_SECURITY_VISITOR_REQUESTS_PER_SECOND: '1000', ENNAKOI_SECURITY_SIGN_IN_ATTEMPTS_PER_MINUTE: '1000', ...environment
		},
		stdio: ['ignore', 'pipe', 'inherit']
	});
	const stop = () => {
		server.kill();
		keepLearned(folder, learned);
		rmSync(folder, { recursive: true, force: true });
	};
	const password = await new Promise((resolve, reject) => {
		let said = '';
		server.stdout.on('data', (part) => {
			said += part;
			const found = /with the password (\S+)\n/.exec(said);
			if (found) resolve(found[1]);
		});
		server.on('exit', (code) => reject(new Error(`the server ended with ${code}`)));
	});
	const url = `http://localhost:${port}`;
	while (!(await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) await new Promise((resolve) => setTimeout(resolve, 50));
	return { url, password, stop };
}
