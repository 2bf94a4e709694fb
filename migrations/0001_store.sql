-- The machinery below the domain: workspaces' heads, the timeline and its followers, jobs, timers, the outbox, files, search.

CREATE TABLE timeline_heads (
    workspace_id UUID PRIMARY KEY,
    seq BIGINT NOT NULL
);

CREATE TABLE events (
    workspace_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    contact_id UUID,
    conversation_id UUID,
    payload TEXT NOT NULL,
    PRIMARY KEY (workspace_id, seq)
);
CREATE INDEX events_by_contact ON events (workspace_id, contact_id, seq) WHERE contact_id IS NOT NULL;
CREATE INDEX events_by_conversation ON events (workspace_id, conversation_id, seq) WHERE conversation_id IS NOT NULL;

CREATE TABLE followers (
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, name)
);

CREATE TABLE follower_failures (
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    error TEXT NOT NULL,
    failed_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, name, seq)
);

CREATE TABLE jobs (
    id UUID PRIMARY KEY,
    workspace_id UUID,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    last_error TEXT,
    parked BOOLEAN NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at) WHERE NOT parked;

CREATE TABLE timers (
    workspace_id UUID NOT NULL,
    timer_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, timer_key)
);
CREATE INDEX timers_due ON timers (due_at);

CREATE TABLE intents (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    dedupe_key TEXT NOT NULL,
    class TEXT NOT NULL,
    transport TEXT NOT NULL,
    contact_id UUID,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    send_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX intents_once ON intents (workspace_id, dedupe_key);
CREATE INDEX intents_due ON intents (send_at) WHERE state IN ('planned', 'sending');

CREATE TABLE files (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    name TEXT NOT NULL,
    width BIGINT,
    height BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX files_by_content ON files (workspace_id, sha256);

CREATE TABLE idempotency_keys (
    scope TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    status BIGINT,
    media_type TEXT,
    body BYTEA
);
