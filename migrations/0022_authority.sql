-- What people of staff may give to customers on their own, and what was given, asked for, declined.

CREATE TABLE authority_budgets (
    workspace_id UUID NOT NULL,
    -- Nil: everybody who has none of their own.
    staff_id UUID NOT NULL,
    currency TEXT NOT NULL,
    -- day, week, month
    period TEXT NOT NULL,
    limit_minor BIGINT NOT NULL,
    -- The most at one time; null: the whole budget.
    single_minor BIGINT,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id, currency)
);

-- One row for each person and currency. Whoever gives holds it until the commit, so that two grants at once see each other.
CREATE TABLE authority_tills (
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    currency TEXT NOT NULL,
    grants BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id, currency)
);

CREATE TABLE authority_grants (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    client_key TEXT NOT NULL,
    conversation_id UUID NOT NULL,
    -- credit, gift, discount
    kind TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- asked, given, declined, withdrawn
    state TEXT NOT NULL,
    -- Why it was asked for instead of given: no_budget, over_single, over_budget.
    asked_because TEXT,
    staff_id UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    decision_note TEXT NOT NULL,
    given_at BIGINT,
    -- Given within the person's own budget, and counted against it.
    charged BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE UNIQUE INDEX authority_grants_once ON authority_grants (workspace_id, staff_id, client_key);
CREATE INDEX authority_grants_of_conversation ON authority_grants (workspace_id, conversation_id, id);
CREATE INDEX authority_grants_by_state ON authority_grants (workspace_id, state, id);
CREATE INDEX authority_grants_charged ON authority_grants (workspace_id, staff_id, currency, given_at) WHERE charged;
