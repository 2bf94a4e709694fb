-- The language model that a company may connect: where it is, what it may do, what it has used, and what a turn of the bot owed to it.

CREATE TABLE bot_llm (
    workspace_id UUID PRIMARY KEY,
    settings TEXT NOT NULL,
    -- The key of the endpoint, sealed with the installation's secret.
    sealed_key BYTEA,
    updated_at BIGINT NOT NULL
);

-- Use of each day, counted from midnight UTC.
CREATE TABLE bot_llm_days (
    workspace_id UUID NOT NULL,
    day BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    -- Answers that came and were not used.
    refused BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, day)
);

ALTER TABLE bot_turns ADD COLUMN model_use TEXT;
