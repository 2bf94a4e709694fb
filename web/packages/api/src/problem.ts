/** A refusal of the server (RFC 9457), with a stable code that screens translate. */
export type FieldProblem = { field: string; code: string; message: string };

export class Problem extends Error {
	override readonly name = 'Problem';
	constructor(
		readonly status: number,
		readonly code: string,
		readonly detail: string,
		readonly fields: readonly FieldProblem[] = [],
		/** The whole body, for problems that carry more (the current text on a stale version). */
		readonly body: unknown = null,
		readonly retryAfterSeconds: number | null = null
	) {
		super(`${code}: ${detail}`);
	}

	/** The code of what is wrong with one field, if it is named. */
	field(name: string): string | null {
		return this.fields.find((problem) => problem.field === name)?.code ?? null;
	}

	/** Trying the same again later may succeed: the network, the server's load, but not a wrong request. */
	get temporary(): boolean {
		return this.status === 0 || this.status === 429 || this.status >= 502;
	}
}

/** Reads a failed response; anything that is no problem document becomes a problem by its status. */
export async function problemFrom(response: Response): Promise<Problem> {
	const retry = Number(response.headers.get('retry-after'));
	const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
	let body: unknown = null;
	try {
		body = await response.json();
	} catch {
		return new Problem(response.status, `status_${response.status}`, response.statusText, [], null, retryAfter);
	}
	const document = (body ?? {}) as { code?: string; detail?: string; errors?: FieldProblem[] };
	return new Problem(
		response.status,
		document.code ?? `status_${response.status}`,
		document.detail ?? response.statusText,
		document.errors ?? [],
		body,
		retryAfter
	);
}

export function asProblem(error: unknown): Problem {
	if (error instanceof Problem) return error;
	return new Problem(0, 'offline', error instanceof Error ? error.message : String(error));
}
