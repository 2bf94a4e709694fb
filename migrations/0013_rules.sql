-- What happens by itself (rules, with a log of every run) and at one touch (macros); and the measures of the desk.

CREATE TABLE rules (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    position BIGINT NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- Events before this moment are left alone.
    enabled_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX rules_of_workspace ON rules (workspace_id, position, id);

CREATE TABLE rule_runs (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    rule_id UUID NOT NULL,
    rule_name TEXT NOT NULL,
    rule_version BIGINT NOT NULL,
    conversation_id UUID NOT NULL,
    -- The event that caused it; a rule runs once for an event.
    cause_seq BIGINT NOT NULL,
    cause_kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- 1: caused by people; 2: by what a rule did; and so on.
    depth BIGINT NOT NULL,
    -- ran, too_deep, braked
    outcome TEXT NOT NULL,
    -- The events that it caused: those after first_seq, up to last_seq.
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX rule_runs_once ON rule_runs (workspace_id, rule_id, cause_seq);
CREATE INDEX rule_runs_of_conversation ON rule_runs (workspace_id, conversation_id, id);
CREATE INDEX rule_runs_by_effect ON rule_runs (workspace_id, last_seq);

CREATE TABLE macros (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    owner_id UUID,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX macros_of_workspace ON macros (workspace_id, id);

-- One measured thing of one conversation. The cells below are sums over these, kept in the same transaction.
CREATE TABLE report_facts (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    -- opened, asked, first_answer, next_answer, resolution, closed, reopened
    measure TEXT NOT NULL,
    at BIGINT NOT NULL,
    conversation_id UUID NOT NULL,
    -- Wall-clock microseconds; null for what is only counted.
    span BIGINT,
    -- The same in opening hours of the queue.
    open_span BIGINT,
    channel_id UUID,
    queue_id UUID,
    agent_id UUID,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX report_facts_by_time ON report_facts (workspace_id, measure, at, id);
CREATE INDEX report_facts_of_conversation ON report_facts (workspace_id, conversation_id, measure);

-- How many of a measure fell into one hour, for one channel, queue and agent, by the length of the span (a step of about 4 %).
CREATE TABLE report_cells (
    workspace_id UUID NOT NULL,
    measure TEXT NOT NULL,
    hour BIGINT NOT NULL,
    channel_id UUID NOT NULL,
    queue_id UUID NOT NULL,
    agent_id UUID NOT NULL,
    step BIGINT NOT NULL,
    open_step BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, measure, hour, channel_id, queue_id, agent_id, step, open_step)
);

CREATE TABLE report_tracks (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    peoples BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    waits BOOLEAN NOT NULL,
    asked_at BIGINT,
    answered BOOLEAN NOT NULL,
    begun_at BIGINT,
    PRIMARY KEY (workspace_id, conversation_id)
);
