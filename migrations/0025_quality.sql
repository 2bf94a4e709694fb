-- Quality of what people do: score sheets with every version they ever had, the closed cases that wait for a review, reviews, and notes of coaching.
--
-- A review keeps the version of its sheet, so that changing a sheet never rewrites what was said under it.

CREATE TABLE quality_sheets (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    -- The newest one.
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    archived_at BIGINT,
    PRIMARY KEY (workspace_id, id)
);

CREATE TABLE quality_sheet_versions (
    workspace_id UUID NOT NULL,
    sheet_id UUID NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, sheet_id, version),
    FOREIGN KEY (workspace_id, sheet_id) REFERENCES quality_sheets (workspace_id, id)
);

CREATE TABLE quality_sampling (
    workspace_id UUID PRIMARY KEY,
    -- Cases drawn of each agent and week; 0: none.
    per_week BIGINT NOT NULL,
    low_rating BOOLEAN NOT NULL,
    broken_promise BOOLEAN NOT NULL,
    reopened BOOLEAN NOT NULL,
    -- Opening hours that a customer waited; null: not looked at.
    long_wait_minutes BIGINT,
    seed BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE quality_cases (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    -- Monday of the week in which it was closed, on the company's wall: 2026-11-30.
    week TEXT NOT NULL,
    -- Of low_rating, broken_promise, reopened, long_wait; with spaces between.
    reasons TEXT NOT NULL,
    -- Follows from the seed and the conversation; the smallest of an agent's week are its sample.
    draw BIGINT NOT NULL,
    sampled BOOLEAN NOT NULL,
    -- waiting, begun, reviewed, skipped
    state TEXT NOT NULL,
    chosen_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE UNIQUE INDEX quality_cases_once ON quality_cases (workspace_id, conversation_id, agent_id);
CREATE INDEX quality_cases_by_state ON quality_cases (workspace_id, state, id);
CREATE INDEX quality_cases_drawn ON quality_cases (workspace_id, agent_id, week, draw) WHERE sampled;

CREATE TABLE quality_reviews (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    reviewer_id UUID NOT NULL,
    sheet_id UUID NOT NULL,
    sheet_version BIGINT NOT NULL,
    -- draft, published
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    marks TEXT NOT NULL,
    comments TEXT NOT NULL,
    summary TEXT NOT NULL,
    -- Of a thousand; null while it is a draft, and where nothing applied.
    points BIGINT,
    failed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT,
    -- acknowledged, disputed
    answer TEXT,
    answer_reason TEXT NOT NULL,
    answered_at BIGINT,
    -- stands, corrected
    resolution TEXT,
    resolution_note TEXT NOT NULL,
    resolved_by UUID,
    resolved_at BIGINT,
    -- What a correction replaced.
    first_marks TEXT,
    first_points BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id),
    FOREIGN KEY (workspace_id, sheet_id, sheet_version) REFERENCES quality_sheet_versions (workspace_id, sheet_id, version)
);
CREATE UNIQUE INDEX quality_reviews_once ON quality_reviews (workspace_id, conversation_id, agent_id, reviewer_id);
CREATE INDEX quality_reviews_of_agent ON quality_reviews (workspace_id, agent_id, state, id);
CREATE INDEX quality_reviews_by_time ON quality_reviews (workspace_id, published_at, id) WHERE published_at IS NOT NULL;
CREATE INDEX quality_reviews_disputed ON quality_reviews (workspace_id, id) WHERE answer = 'disputed' AND resolution IS NULL;

CREATE TABLE coaching_notes (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    agent_id UUID NOT NULL,
    author_id UUID NOT NULL,
    conversation_id UUID,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE INDEX coaching_notes_of_agent ON coaching_notes (workspace_id, agent_id, id);

-- Cases that were closed before a rule about them came.
CREATE INDEX conversations_by_closing ON conversations (workspace_id, closed_at, id) WHERE closed_at IS NOT NULL;
-- What was closed before is looked at when a rule comes.
INSERT INTO followers (workspace_id, name, seq, attempts, lease_until)
SELECT workspace_id, 'inbox.quality', seq, 0, 0 FROM timeline_heads;
