import { error } from '@sveltejs/kit';
import { api, Problem } from '$lib/api';

export async function load({ params }) {
	try {
		const [article, categories] = await Promise.all([api.articles.get(params.id), api.categories.list()]);
		return { article, categories };
	} catch (problem) {
		if (problem instanceof Problem) error(problem.status === 404 ? 404 : 500, problem.detail);
		throw problem;
	}
}
