// Makes a company for the browser tests and prints the public key of its chat and the workspace's id.
import { Owner } from './app.mjs';

const owner = await Owner.signIn();
const { workspace } = await owner.call('POST', 'workspaces', { name: 'Pellavala', slug: 'pellavala' });
owner.workspace = workspace.id;
const hours = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [['00:00', '24:00']]]));
const calendar = await owner.call('POST', 'calendars', { name: 'Aina', timezone: 'Europe/Helsinki', weekly: hours, holidays: 'none', exceptions: [] });
await owner.call('POST', 'queues', { name: 'Asiakaspalvelu', calendar_id: calendar.id, skills: [], members: [], is_default: true });
const channel = await owner.call('POST', 'channels', { kind: 'chat', name: 'Verkkokauppa' });
const faq = `# Missä tilaukseni on?

Saat seurantakoodin sähköpostiisi, kun paketti lähtee varastoltamme.

# Miten palautan tuotteen?

Täytä palautuslomake ja vie paketti postiin 30 päivän kuluessa.

# Miten pesen pellavan?

Pese 40 asteessa ja kuivaa ripustettuna. Tahrat kannattaa liottaa heti kylmässä vedessä.
`;
await owner.call('POST', 'imports/articles?publish=true&locale=fi', { text: faq });
console.log(`${channel.public_key} ${workspace.id}`);
