import type { Id, Time } from './base';
import type { ConversationRow } from './inbox';

export const BUDGET_PERIODS = ['day', 'week', 'month'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];
/** Sums are minor units (cents). `staff_id` null: of everybody who has none of their own. */
export type AuthorityBudget = { staff_id: Id | null; currency: string; period: BudgetPeriod; limit_minor: number; single_minor: number | null; updated_by: string; updated_at: Time };
export type NewBudget = Pick<AuthorityBudget, 'staff_id' | 'currency' | 'period' | 'limit_minor' | 'single_minor'>;
export type Till = { currency: string; period: BudgetPeriod; until: Time; limit_minor: number; spent_minor: number; single_minor: number | null };
/** `unbounded`: bound only where there is a till. */
export type Authority = { unbounded: boolean; tills: Till[] };
export const GRANT_KINDS = ['credit', 'gift', 'discount'] as const;
export type GrantKind = (typeof GRANT_KINDS)[number];
export const GRANT_STATES = ['asked', 'given', 'declined', 'withdrawn'] as const;
export type GrantState = (typeof GRANT_STATES)[number];
export type Grant = {
	id: Id;
	conversation_id: Id;
	kind: GrantKind;
	amount_minor: number;
	currency: string;
	what: string;
	reason: string;
	state: GrantState;
	asked_because: 'no_budget' | 'over_single' | 'over_budget' | null;
	staff_id: Id;
	asked_at: Time;
	decided_by: Id | null;
	decided_at: Time | null;
	decision_note: string;
	given_at: Time | null;
};
export type GrantRow = Grant & { conversation: ConversationRow };
export type NewGrant = { client_key: string; kind: GrantKind; amount_minor: number; currency: string; what: string; reason: string };
