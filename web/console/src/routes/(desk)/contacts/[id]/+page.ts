import { error } from '@sveltejs/kit';
import { api, Problem } from '$lib/api';
import { redirect } from '@sveltejs/kit';

export async function load({ params }) {
	try {
		const contact = await api.contacts.get(params.id);
		if (contact.merged_into) redirect(307, `/app/contacts/${contact.merged_into}`);
		return { contact };
	} catch (problem) {
		if (problem instanceof Problem) error(problem.status === 404 ? 404 : 500, problem.detail);
		throw problem;
	}
}
