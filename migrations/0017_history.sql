-- History brought along from elsewhere: each import with how far it has come, what it could not take, and which conversations are its.

CREATE TABLE history_imports (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    channel_id UUID NOT NULL REFERENCES channels (id),
    format TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    trouble TEXT,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    preview TEXT NOT NULL,
    started_by TEXT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX history_imports_due ON history_imports (lease_until) WHERE state IN ('checking', 'running');

CREATE TABLE history_rejections (
    workspace_id UUID NOT NULL,
    import_id UUID NOT NULL,
    place BIGINT NOT NULL,
    record TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (workspace_id, import_id, place),
    FOREIGN KEY (workspace_id, import_id) REFERENCES history_imports (workspace_id, id) ON DELETE CASCADE
);

CREATE TABLE history_conversations (
    workspace_id UUID NOT NULL,
    source TEXT NOT NULL,
    record TEXT NOT NULL,
    conversation_id UUID NOT NULL,
    PRIMARY KEY (workspace_id, source, record)
);
