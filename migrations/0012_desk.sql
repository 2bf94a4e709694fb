-- What is promised about time: policies with every version they ever had, the clocks that run under them, and promises made by hand.
--
-- A clock keeps the policy's version under which it runs, and a version keeps its opening hours, so that changing either never rewrites what
-- has been measured. The columns added to conversations follow from the open clocks and are written only by the follower `inbox.sla` and its
-- timers; they exist so that the lists of what is late and what is promised are ranges of an index.

CREATE TABLE sla_policies (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    position BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX sla_policies_of_workspace ON sla_policies (workspace_id, position, id);

CREATE TABLE sla_policy_versions (
    workspace_id UUID NOT NULL,
    policy_id UUID NOT NULL REFERENCES sla_policies (id),
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    -- The opening hours as they were; null: around the clock.
    calendar TEXT,
    -- created, changed, calendar
    cause TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, policy_id, version)
);

-- Where each conversation stands, as a fold over its events.
CREATE TABLE sla_tracks (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    peoples BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    waits BOOLEAN NOT NULL,
    asked_at BIGINT,
    answered BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id)
);

CREATE TABLE sla_clocks (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    kind TEXT NOT NULL,
    policy_id UUID,
    policy_version BIGINT,
    promise_id UUID,
    started_at BIGINT NOT NULL,
    -- Spans of opening hours, in microseconds.
    target BIGINT NOT NULL,
    warn_after BIGINT NOT NULL,
    elapsed BIGINT NOT NULL,
    running_since BIGINT,
    warn_at BIGINT,
    due_at BIGINT,
    warned_at BIGINT,
    breached_at BIGINT,
    -- met, missed, void; null while it is open.
    outcome TEXT,
    finished_at BIGINT,
    -- Who and what it was when it ended, for reports.
    channel_id UUID,
    queue_id UUID,
    agent_id UUID,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX sla_clocks_of_conversation ON sla_clocks (workspace_id, conversation_id, id);
CREATE INDEX sla_clocks_finished ON sla_clocks (workspace_id, kind, finished_at) WHERE outcome IS NOT NULL;

CREATE TABLE promises (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    body TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    -- open, kept, withdrawn
    state TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    closed_by TEXT,
    closed_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX promises_of_conversation ON promises (workspace_id, conversation_id, id);

ALTER TABLE conversations ADD COLUMN sla_kind TEXT;
ALTER TABLE conversations ADD COLUMN sla_warn_at BIGINT;
ALTER TABLE conversations ADD COLUMN sla_due_at BIGINT;
ALTER TABLE conversations ADD COLUMN promise_due_at BIGINT;
CREATE INDEX conversations_active_by_due ON conversations (workspace_id, sla_due_at, id) WHERE active AND sla_due_at IS NOT NULL;
CREATE INDEX conversations_resting_by_due ON conversations (workspace_id, sla_due_at, id) WHERE NOT active AND sla_due_at IS NOT NULL;
CREATE INDEX conversations_promised ON conversations (workspace_id, promise_due_at, id) WHERE promise_due_at IS NOT NULL;
