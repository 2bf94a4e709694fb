import { error } from '@sveltejs/kit';
import { api, Problem } from '$lib/api';

export async function load({ params }) {
	try {
		const [company, people] = await Promise.all([api.companies.get(params.id), api.contacts.list({ company: params.id, limit: 100 })]);
		return { company, people: people.items };
	} catch (problem) {
		if (problem instanceof Problem) error(problem.status === 404 ? 404 : 500, problem.detail);
		throw problem;
	}
}
