-- What people of staff are told, in which ways, and when not.

-- Who has the console open; renewed while a socket lives.
CREATE TABLE staff_connections (
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id)
);

CREATE TABLE notices (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    -- assigned, mentioned, customer_answered, clock_warned …
    kind TEXT NOT NULL,
    conversation_id UUID,
    queue_id UUID,
    -- Message of the conversation up to which it reaches; who has read so far has seen it.
    seq BIGINT,
    -- The sort of clock, the outcome of a request; empty: nothing to add.
    detail TEXT NOT NULL,
    actor TEXT NOT NULL,
    happened BIGINT NOT NULL,
    listed BOOLEAN NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE INDEX notices_of_person ON notices (workspace_id, staff_id, last_at, id);
CREATE INDEX notices_unread ON notices (workspace_id, staff_id, kind, last_at) WHERE read_at IS NULL;

-- A notice that is to go out in one way, until it has been planned in the outbox or is not needed any more.
CREATE TABLE notice_deliveries (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    notice_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    -- email, push, chat
    way TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, notice_id) REFERENCES notices (workspace_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX notice_deliveries_once ON notice_deliveries (workspace_id, staff_id, way, notice_id);
CREATE INDEX notice_deliveries_of_notice ON notice_deliveries (workspace_id, notice_id);

CREATE TABLE notice_settings (
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    definition TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id)
);

-- What a company lets its people send out of the building.
CREATE TABLE notice_policies (
    workspace_id UUID NOT NULL,
    names_leave BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id)
);

-- Incoming webhooks of Slack and Microsoft Teams: of one person, or of the whole workspace.
CREATE TABLE notice_hooks (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID,
    -- slack, teams
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Whoever has the address can write there.
    url BYTEA NOT NULL,
    host TEXT NOT NULL,
    kinds TEXT NOT NULL,
    failing_since BIGINT,
    last_error TEXT,
    -- Since when it is used no more: nothing is there.
    off_since BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX notice_hooks_of_person ON notice_hooks (workspace_id, staff_id, id);

-- What the workspace's own hooks have been told, so that one case and kind is told once in a while.
CREATE TABLE notice_hook_marks (
    workspace_id UUID NOT NULL,
    hook_id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, hook_id, kind, subject),
    FOREIGN KEY (workspace_id, hook_id) REFERENCES notice_hooks (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX notice_hook_marks_by_time ON notice_hook_marks (workspace_id, told_at);

CREATE TABLE push_subscriptions (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    endpoint BYTEA NOT NULL,
    endpoint_hash TEXT NOT NULL,
    public_key TEXT NOT NULL,
    secret BYTEA NOT NULL,
    browser TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX push_subscriptions_once ON push_subscriptions (workspace_id, endpoint_hash);
CREATE INDEX push_subscriptions_of_person ON push_subscriptions (workspace_id, staff_id, id);

-- Nobody is told of what happened before.
INSERT INTO followers (workspace_id, name, seq, attempts, lease_until)
SELECT workspace_id, 'notices', seq, 0, 0 FROM timeline_heads;
