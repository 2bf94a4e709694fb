-- Flows of the bot: a company's own definitions, their published versions, the requests that customers confirmed, and the proofs
-- by which strangers opened something of their own.

CREATE TABLE bot_flows (
    workspace_id UUID NOT NULL,
    flow_id TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- Empty: the program's own definition stands.
    draft TEXT NOT NULL,
    -- Raised by every save.
    draft_version BIGINT NOT NULL,
    -- 0: the program's own definition, or nothing, is live.
    published BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, flow_id)
);

CREATE TABLE bot_flow_versions (
    workspace_id UUID NOT NULL,
    flow_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, flow_id, version)
);

CREATE TABLE bot_requests (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    contact_id UUID,
    flow_id TEXT NOT NULL,
    flow_version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    item_kind TEXT,
    item_id TEXT,
    item_number TEXT,
    standing TEXT NOT NULL,
    fields TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT
);
CREATE INDEX bot_requests_of_conversation ON bot_requests (workspace_id, conversation_id, id);
CREATE INDEX bot_requests_by_state ON bot_requests (workspace_id, state, id);

CREATE TABLE bot_proofs (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    subject TEXT NOT NULL,
    number_key TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX bot_proofs_by_time ON bot_proofs (workspace_id, at);

CREATE INDEX invoices_by_number ON invoices (workspace_id, number, id);
