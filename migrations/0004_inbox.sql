-- Channels, opening hours, queues, conversations and their messages, and what agents keep about them.
--
-- A conversation's `active`, `desk` and `queued_at` follow from its state and owner (see conversations/store.rs); they exist so that
-- every list of the desk is one range of one partial index.

CREATE TABLE calendars (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    weekly TEXT NOT NULL,
    holidays TEXT NOT NULL,
    exceptions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX calendars_of_workspace ON calendars (workspace_id, id);

CREATE TABLE queues (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    calendar_id UUID REFERENCES calendars (id),
    skills TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX queues_of_workspace ON queues (workspace_id, id);

CREATE TABLE queue_members (
    workspace_id UUID NOT NULL,
    queue_id UUID NOT NULL REFERENCES queues (id),
    staff_id UUID NOT NULL,
    PRIMARY KEY (workspace_id, queue_id, staff_id)
);

CREATE TABLE channels (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings TEXT NOT NULL,
    public_key UUID NOT NULL,
    identity_generation BIGINT NOT NULL,
    previous_identity_until BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX channels_of_workspace ON channels (workspace_id, id);
CREATE UNIQUE INDEX channels_by_public_key ON channels (public_key);

CREATE TABLE conversation_numbers (
    workspace_id UUID PRIMARY KEY,
    last_number BIGINT NOT NULL
);

CREATE TABLE conversations (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    channel_id UUID NOT NULL REFERENCES channels (id),
    contact_id UUID,
    visitor_id UUID,
    subject TEXT,
    locale TEXT,
    state TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    queue_id UUID REFERENCES queues (id),
    agent_id UUID,
    priority BIGINT NOT NULL,
    reason TEXT,
    last_seq BIGINT NOT NULL,
    last_message_at BIGINT NOT NULL,
    preview TEXT NOT NULL,
    preview_author TEXT NOT NULL,
    waiting_since BIGINT,
    snoozed_until BIGINT,
    contact_seen_seq BIGINT NOT NULL,
    staff_seen_seq BIGINT NOT NULL,
    rating BIGINT,
    solved BOOLEAN,
    rating_comment TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    active BOOLEAN NOT NULL,
    desk TEXT NOT NULL,
    queued_at BIGINT
);
CREATE UNIQUE INDEX conversations_by_number ON conversations (workspace_id, number);
-- Every active conversation by each order.
CREATE INDEX conversations_active_by_activity ON conversations (workspace_id, last_message_at, id) WHERE active;
CREATE INDEX conversations_active_by_creation ON conversations (workspace_id, created_at, id) WHERE active;
CREATE INDEX conversations_active_by_priority ON conversations (workspace_id, priority, id) WHERE active;
CREATE INDEX conversations_active_by_waiting ON conversations (workspace_id, waiting_since, id) WHERE active AND waiting_since IS NOT NULL;
-- Those of nobody and of the bot; and an agent's own, with what counts towards their load.
CREATE INDEX conversations_by_desk ON conversations (workspace_id, desk, last_message_at, id) WHERE active AND agent_id IS NULL;
CREATE INDEX conversations_of_agent ON conversations (workspace_id, agent_id, last_message_at, id, state) WHERE active AND agent_id IS NOT NULL;
-- Those that wait in a queue, in the order in which they are served.
CREATE INDEX conversations_in_line ON conversations (workspace_id, queue_id, priority, queued_at, id) WHERE queued_at IS NOT NULL;
-- What is closed or snoozed changes rarely, so its orders cost nothing while people talk.
CREATE INDEX conversations_resting_by_activity ON conversations (workspace_id, last_message_at, id) WHERE NOT active;
CREATE INDEX conversations_resting_by_creation ON conversations (workspace_id, created_at, id) WHERE NOT active;
CREATE INDEX conversations_resting_by_priority ON conversations (workspace_id, priority, id) WHERE NOT active;
CREATE INDEX conversations_resting_of_agent ON conversations (workspace_id, agent_id, last_message_at, id) WHERE NOT active AND agent_id IS NOT NULL;
CREATE INDEX conversations_resting_of_queue ON conversations (workspace_id, queue_id, last_message_at, id) WHERE NOT active AND queue_id IS NOT NULL;
CREATE INDEX conversations_resting_of_channel ON conversations (workspace_id, channel_id, last_message_at, id) WHERE NOT active;
CREATE INDEX conversations_of_contact ON conversations (workspace_id, contact_id, number) WHERE contact_id IS NOT NULL;
CREATE INDEX conversations_of_visitor ON conversations (workspace_id, visitor_id, number) WHERE visitor_id IS NOT NULL;

CREATE TABLE messages (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    author TEXT NOT NULL,
    direction TEXT NOT NULL,
    visibility TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    format TEXT NOT NULL,
    language TEXT,
    meta TEXT NOT NULL,
    client_key TEXT,
    external_id TEXT,
    delivery TEXT,
    attachments BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    removed_at BIGINT
);
CREATE UNIQUE INDEX messages_in_order ON messages (workspace_id, conversation_id, seq);
CREATE UNIQUE INDEX messages_once ON messages (workspace_id, client_key, conversation_id) WHERE client_key IS NOT NULL;
CREATE UNIQUE INDEX messages_by_external_id ON messages (workspace_id, external_id, conversation_id) WHERE external_id IS NOT NULL;

CREATE TABLE attachments (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    file_id UUID NOT NULL REFERENCES files (id),
    conversation_id UUID,
    message_id UUID,
    position BIGINT NOT NULL,
    uploader TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX attachments_of_message ON attachments (workspace_id, message_id, position) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_unused ON attachments (created_at) WHERE message_id IS NULL;

CREATE TABLE mentions (
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    message_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    mentioned_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id, conversation_id)
);

CREATE TABLE read_marks (
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, staff_id, conversation_id)
);

CREATE TABLE drafts (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    staff_id UUID NOT NULL,
    mode TEXT NOT NULL,
    body TEXT NOT NULL,
    attachment_ids TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, staff_id, mode)
);

CREATE TABLE labels (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    color TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX labels_by_name ON labels (workspace_id, name_key);

CREATE TABLE conversation_labels (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    label_id UUID NOT NULL REFERENCES labels (id),
    PRIMARY KEY (workspace_id, conversation_id, label_id)
);
CREATE INDEX conversation_labels_by_label ON conversation_labels (workspace_id, label_id, conversation_id);

CREATE TABLE canned_answers (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    owner_id UUID,
    shortcut TEXT NOT NULL,
    shortcut_key TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
-- A shared answer has no owner; a shortcut means one thing to everybody, or one thing to one person.
CREATE UNIQUE INDEX canned_answers_shared ON canned_answers (workspace_id, shortcut_key) WHERE owner_id IS NULL;
CREATE UNIQUE INDEX canned_answers_own ON canned_answers (workspace_id, owner_id, shortcut_key) WHERE owner_id IS NOT NULL;

CREATE TABLE views (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    owner_id UUID NOT NULL,
    shared BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    filter TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX views_of_workspace ON views (workspace_id, id);

-- Why a conversation came to whom: one row for each assignment and each attempt that found nobody.
CREATE TABLE routings (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    decided_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    summary TEXT NOT NULL,
    rule TEXT NOT NULL,
    queue_id UUID,
    agent_id UUID,
    considered TEXT NOT NULL
);
CREATE INDEX routings_of_conversation ON routings (workspace_id, conversation_id, id);
CREATE INDEX routings_of_agent ON routings (workspace_id, agent_id, decided_at) WHERE agent_id IS NOT NULL;

CREATE TABLE bulk_undos (
    token_hash TEXT PRIMARY KEY,
    workspace_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    changes TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX bulk_undos_by_age ON bulk_undos (created_at);
