-- The bot: what it knows (fed by the help module's events), how it is set, where each talk stands, and why it said what it said.

CREATE TABLE bot_articles (
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL,
    locale TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    questions TEXT NOT NULL,
    url TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, article_id, locale)
);

CREATE TABLE bot_settings (
    workspace_id UUID PRIMARY KEY,
    settings TEXT NOT NULL,
    knowledge_version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE bot_dialogues (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    handled_seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id)
);

CREATE TABLE bot_turns (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL REFERENCES conversations (id),
    message_id UUID,
    at BIGINT NOT NULL,
    question TEXT NOT NULL,
    language TEXT NOT NULL,
    verdict TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    candidates TEXT NOT NULL,
    needs TEXT NOT NULL,
    reason TEXT,
    rule TEXT NOT NULL,
    model_version BIGINT NOT NULL
);
CREATE INDEX bot_turns_of_conversation ON bot_turns (workspace_id, conversation_id, id);
CREATE INDEX bot_turns_by_time ON bot_turns (workspace_id, at, id);
