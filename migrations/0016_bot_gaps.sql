-- What was asked and not answered, until an article answers it; and wordings that agents taught the bot.

CREATE TABLE bot_gap_questions (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    at BIGINT NOT NULL,
    -- rejected, handed_over, not_helped, search
    source TEXT NOT NULL,
    locale TEXT NOT NULL,
    -- With everything that identifies a person masked.
    question TEXT NOT NULL,
    -- The likeliest need; empty when none stands out.
    need TEXT NOT NULL,
    conversation_id UUID,
    -- What an agent answered to it, masked; empty until then.
    answer TEXT NOT NULL,
    -- The article that was made of its gap.
    article_id UUID,
    closed_at BIGINT
);
CREATE INDEX bot_gap_questions_by_time ON bot_gap_questions (workspace_id, at, id);
CREATE INDEX bot_gap_questions_of_conversation ON bot_gap_questions (workspace_id, conversation_id, id) WHERE conversation_id IS NOT NULL;

CREATE TABLE bot_examples (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL,
    locale TEXT NOT NULL,
    question TEXT NOT NULL,
    live BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX bot_examples_by_time ON bot_examples (workspace_id, created_at, id);
