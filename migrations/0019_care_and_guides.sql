-- What somebody has looked at in the care of the knowledge bank and found right: it is not shown again until a text of it changes.

CREATE TABLE help_care_dismissals (
    workspace_id UUID NOT NULL,
    -- A hash of what was found and of the revisions it was found in.
    mark TEXT NOT NULL,
    at BIGINT NOT NULL,
    dismissed_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, mark)
);

-- Troubleshooting guides: trees of steps, their published versions, and how readers and customers went through them.
CREATE TABLE guides (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    slug TEXT NOT NULL,
    -- The working definition.
    definition TEXT NOT NULL,
    -- Raised by every save.
    version BIGINT NOT NULL,
    -- 0: nothing is public.
    published BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    archived_at BIGINT
);
CREATE UNIQUE INDEX guides_by_slug ON guides (workspace_id, slug);

CREATE TABLE guide_versions (
    workspace_id UUID NOT NULL,
    guide_id UUID NOT NULL REFERENCES guides (id),
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, guide_id, version)
);

-- What happened at each step, added up for each day.
CREATE TABLE guide_days (
    workspace_id UUID NOT NULL,
    guide_id UUID NOT NULL REFERENCES guides (id),
    day BIGINT NOT NULL,
    -- page, chat
    channel TEXT NOT NULL,
    step TEXT NOT NULL,
    -- shown, solved, unsolved, person, to:<step>
    happened TEXT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, guide_id, day, channel, step, happened)
);

-- The bot's copy of what is public.
CREATE TABLE bot_guides (
    workspace_id UUID NOT NULL,
    guide_id UUID NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    -- Address of the guide in each language.
    urls TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, guide_id)
);
