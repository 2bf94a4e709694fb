/** A refusal of the server (RFC 9457), or of the net: then `status` is 0. */
export class Problem extends Error {
	constructor(
		readonly status: number,
		readonly code: string,
		/** Wrong fields with their codes. */
		readonly fields: { field: string; code: string }[] = [],
		/** After how many seconds a retry makes sense. */
		readonly retryAfter: number | null = null
	) {
		super(code);
	}

	/** Whether the same request may succeed later. */
	get passing(): boolean {
		return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
	}

	/** Whether the visitor token is not valid any more. */
	get stranger(): boolean {
		return this.status === 401 && this.code !== 'identity_invalid' && this.code !== 'identity_expired';
	}
}

export function readProblem(status: number, body: unknown, retryAfter: string | null = null): Problem {
	const raw = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
	const errors = (Array.isArray(raw.errors) ? raw.errors : []) as Record<string, unknown>[];
	const fields = errors.map((error) => ({ field: String(error?.field ?? ''), code: String(error?.code ?? '') }));
	const code = typeof raw.code === 'string' ? raw.code : status === 413 ? 'too_large' : `status_${status}`;
	const wait = Number(retryAfter ?? Number.NaN);
	return new Problem(typeof raw.status === 'number' ? raw.status : status, code, fields, Number.isFinite(wait) ? wait : null);
}

/** The key of the sentence that explains a problem to the visitor; the caller falls back to `problem_unknown`. */
export function problemKey(problem: Problem): string {
	const field = problem.fields[0];
	if (field) return `problem_${field.field.replace(/\[.*/, '')}_${field.code}`;
	if (problem.status === 0) return 'problem_offline';
	if (problem.status >= 500) return 'problem_server';
	return `problem_${problem.code}`;
}
