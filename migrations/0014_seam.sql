-- Programs of others as channels: where answers go, who their people are, and which of their messages came. And order on the way out.

-- What shares a lane leaves one after another, in the order of `place`.
ALTER TABLE intents ADD COLUMN lane TEXT;
ALTER TABLE intents ADD COLUMN place BIGINT;
CREATE INDEX intents_in_lane ON intents (workspace_id, lane, place) WHERE lane IS NOT NULL AND state IN ('planned', 'sending');

CREATE TABLE api_channels (
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL REFERENCES channels (id),
    url TEXT,
    proven BOOLEAN NOT NULL,
    rotation BIGINT NOT NULL,
    rotated_at BIGINT,
    trouble TEXT,
    trouble_at BIGINT,
    PRIMARY KEY (workspace_id, channel_id)
);

CREATE TABLE api_people (
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    contact_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, external_id)
);
CREATE INDEX api_people_by_contact ON api_people (workspace_id, channel_id, contact_id);

CREATE TABLE api_threads (
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    conversation_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, external_id)
);
CREATE INDEX api_threads_by_conversation ON api_threads (workspace_id, conversation_id);

-- A message is taken in once for each channel, whatever conversation it went to.
CREATE TABLE api_messages (
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL,
    external_id TEXT NOT NULL,
    message_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, channel_id, external_id)
);

-- Where a conversation goes on: `merged` (from the one that was merged), `continued` (from one that was closed long ago), `split` (from
-- the one that was split) and `related`, which has no direction.
CREATE TABLE conversation_links (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    from_id UUID NOT NULL,
    to_id UUID NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    undone_at BIGINT,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, from_id) REFERENCES conversations (workspace_id, id),
    FOREIGN KEY (workspace_id, to_id) REFERENCES conversations (workspace_id, id)
);
CREATE INDEX conversation_links_from ON conversation_links (workspace_id, from_id, created_at);
CREATE INDEX conversation_links_to ON conversation_links (workspace_id, to_id, created_at);
-- A conversation is merged into one other, goes on in one other, and is related to another once.
CREATE UNIQUE INDEX conversation_links_merged ON conversation_links (workspace_id, from_id) WHERE kind = 'merged' AND undone_at IS NULL;
CREATE UNIQUE INDEX conversation_links_continued ON conversation_links (workspace_id, from_id) WHERE kind = 'continued' AND undone_at IS NULL;
CREATE UNIQUE INDEX conversation_links_related ON conversation_links (workspace_id, from_id, to_id) WHERE kind = 'related' AND undone_at IS NULL;
