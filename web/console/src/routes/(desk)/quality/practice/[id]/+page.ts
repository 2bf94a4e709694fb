import { error } from '@sveltejs/kit';
import { api, Problem } from '$lib/api';

export async function load({ params, parent }) {
	// The session chooses the workspace; without it the server cannot know whose this is.
	await parent();
	try {
		return { exercise: await api.training.get(params.id) };
	} catch (problem) {
		if (problem instanceof Problem) error(problem.status === 404 ? 404 : 500, problem.detail);
		throw problem;
	}
}
