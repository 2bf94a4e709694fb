/** A post office: Dovecot for what arrives, and an SMTP server that takes what leaves. Real protocols on ports of their own. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './server.mjs';

/** The password of every mailbox. */
export const PASSWORD = 'salainen-sana';
/** Dovecot refuses to handle mail as root. */
const NOBODY = 65_534;

/** Takes every mail but those to an address that is in `refused`. */
async function smtp() {
	const taken = [];
	const refused = new Set();
	const server = createServer((socket) => {
		let mail = { from: '', to: [] };
		let body = null;
		const say = (line) => socket.write(`${line}\r\n`);
		const answers = {
			EHLO: () => say('250-posti.example\r\n250-SIZE 41943040\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN'),
			AUTH: () => say('235 2.7.0 welcome'),
			MAIL: (line) => ((mail = { from: /<(.*?)>/.exec(line)[1], to: [] }), say('250 2.1.0 ok')),
			RCPT: (line) => {
				const address = /<(.*?)>/.exec(line)[1];
				if (refused.has(address)) return say('550 5.1.1 no such person here');
				mail.to.push(address);
				say('250 2.1.5 ok');
			},
			DATA: () => ((body = []), say('354 go ahead')),
			RSET: () => say('250 2.0.0 ok'),
			NOOP: () => say('250 2.0.0 ok'),
			QUIT: () => (say('221 2.0.0 bye'), socket.end())
		};
		say('220 posti.example ready');
		socket.on('error', () => socket.destroy());
		createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
			if (body === null) return void (answers[line.slice(0, 4).toUpperCase()] ?? (() => say('502 5.5.2 not known')))(line);
			if (line !== '.') return void body.push(line.startsWith('.') ? line.slice(1) : line);
			taken.push({ ...mail, text: body.join('\r\n') });
			body = null;
			say('250 2.0.0 taken');
		});
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	return { port: server.address().port, taken, refused, close: () => server.close() };
}

const reaches = (port) =>
	new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1');
		socket.on('connect', () => (socket.destroy(), resolve(true)));
		socket.on('error', () => resolve(false));
	});

/** Delivers by LMTP, as another server would. */
function deliver(port, from, to, mail) {
	return new Promise((resolve, reject) => {
		const socket = connect(port, '127.0.0.1');
		const lines = ['LHLO test', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', `${mail.replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..')}\r\n.`, 'QUIT'];
		socket.on('error', reject);
		createInterface({ input: socket, crlfDelay: Infinity }).on('line', (answer) => {
			if (answer[3] === '-') return;
			if (!/^[23]/.test(answer)) return void (socket.destroy(), reject(new Error(answer)));
			const next = lines.shift();
			if (next === undefined) return void (socket.end(), resolve());
			socket.write(`${next}\r\n`);
		});
	});
}

const configuration = ({ folder, imap, lmtp, user, group, uid, gid }) => `base_dir = ${folder}/run
state_dir = ${folder}/run
log_path = ${folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:${folder}/mail/%u
first_valid_uid = 1
recipient_delimiter = +
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
mail_uid = ${uid}
mail_gid = ${gid}
mail_max_userip_connections = 100
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${lmtp}
  }
}
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = allow_all_users=yes uid=${uid} gid=${gid} home=${folder}/mail/%u
}
`;

export async function openPost() {
	const folder = mkdtempSync(join(tmpdir(), 'post-'));
	const [imap, lmtp] = [await freePort(), await freePort()];
	const me = userInfo();
	const root = me.uid === 0;
	const nameOf = (file, number) => readFileSync(file, 'utf8').split('\n').find((line) => line.split(':')[2] === String(number)).split(':')[0];
	const [user, group, uid, gid] = root ? ['nobody', 'nogroup', NOBODY, NOBODY] : [me.username, nameOf('/etc/group', me.gid), me.uid, me.gid];
	mkdirSync(join(folder, 'mail'));
	for (const name of ['', 'mail']) chmodSync(join(folder, name), 0o777);
	writeFileSync(join(folder, 'dovecot.conf'), configuration({ folder, imap, lmtp, user, group, uid, gid }));
	const command = ['/usr/sbin/dovecot', '-F', '-c', join(folder, 'dovecot.conf')];
	const [program, ...rest] = root ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...command] : command;
	const server = spawn(program, rest, { stdio: 'ignore' });
	const sink = await smtp();
	const close = () => {
		server.kill();
		sink.close();
		rmSync(folder, { recursive: true, force: true });
	};
	for (let tries = 0; !((await reaches(imap)) && (await reaches(lmtp))); tries++) {
		if (tries > 3_000 || server.exitCode !== null) throw new Error('dovecot did not start (scripts/need.sh dovecot)');
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	return { imap, smtp: sink.port, taken: sink.taken, refused: sink.refused, close, deliver: (from, to, mail) => deliver(lmtp, from, to, mail) };
}
