import { createClient, endpoints } from '@ennakoi/api';
import { context } from '$lib/state/context';

export * from '@ennakoi/api';
export const api = endpoints(createClient({ workspace: () => context.workspace, signedOut: () => context.signedOut() }));
