import { api } from '$lib/api';

export async function load({ params }) {
	try {
		return { invitation: await api.invitations.byToken(params.token), problem: null as unknown };
	} catch (problem) {
		return { invitation: null, problem };
	}
}
