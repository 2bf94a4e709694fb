import { api, Problem, type Availability, type Membership, type Permission, type Session, type Staff, type Workspace } from '$lib/api';
import { i18n } from '$lib/i18n.svelte';
import { context } from './context';

const REMEMBERED = 'ennakoi.workspace';

/** The workspace that a link of a notice names, also when the way there leads through the door. */
function asked(): string | null {
	const here = new URLSearchParams(location.search);
	const next = here.get('next')?.split('#')[0]?.split('?')[1];
	return here.get('workspace') ?? new URLSearchParams(next ?? '').get('workspace');
}

class SessionStore {
	current = $state.raw<Session | null>(null);
	workspace = $state.raw<Workspace | null>(null);
	#workspaceId = $state<string | null>(null);
	#asked = false;

	readonly membership = $derived<Membership | null>(
		this.current?.memberships.find((membership) => membership.workspace.id === this.#workspaceId) ?? null
	);

	get me(): Staff {
		if (!this.current) throw new Error('nobody is signed in');
		return this.current.staff;
	}

	can(permission: Permission): boolean {
		return this.membership?.permissions.includes(permission) ?? false;
	}

	/** Who is signed in, asked once; null when nobody is. */
	async load(): Promise<Session | null> {
		if (this.#asked) return this.current;
		try {
			await this.take(await api.session.current());
		} catch (error) {
			if (!(error instanceof Problem) || error.status !== 401) throw error;
		}
		this.#asked = true;
		return this.current;
	}

	async take(session: Session): Promise<void> {
		this.current = session;
		this.#asked = true;
		const remembered = localStorage.getItem(REMEMBERED);
		const member = (id: string | null) => session.memberships.find((one) => one.workspace.id === id);
		const membership = member(asked()) ?? member(remembered) ?? session.memberships[0];
		this.#choose(membership?.workspace.id ?? null);
		await i18n.use(session.staff.locale);
	}

	async loadWorkspace(): Promise<Workspace | null> {
		if (!this.#workspaceId) return null;
		if (this.workspace?.id !== this.#workspaceId) this.workspace = await api.workspace.get();
		return this.workspace;
	}

	/** Another company of the same installation: everything on the screen belongs to the old one, so the page starts over. */
	switchWorkspace(id: string): void {
		this.#choose(id);
		location.assign('/app/');
	}

	patchStaff(changes: Partial<Staff>): void {
		if (this.current) this.current = { ...this.current, staff: { ...this.current.staff, ...changes } };
	}

	setAvailability(availability: Availability): void {
		if (!this.current) return;
		const memberships = this.current.memberships.map((one) => (one.workspace.id === this.#workspaceId ? { ...one, availability } : one));
		this.current = { ...this.current, memberships };
	}

	forget(): void {
		this.current = null;
		this.workspace = null;
	}

	#choose(id: string | null): void {
		this.#workspaceId = id;
		context.workspace = id;
		if (id) localStorage.setItem(REMEMBERED, id);
	}
}

export const session = new SessionStore();
