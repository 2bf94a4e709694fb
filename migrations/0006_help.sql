-- The knowledge bank: categories, articles with a text for each language, every revision of it, and what readers thought.

CREATE TABLE help_categories (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    slug TEXT NOT NULL,
    position BIGINT NOT NULL,
    titles TEXT NOT NULL,
    descriptions TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX help_categories_by_slug ON help_categories (workspace_id, slug);

CREATE TABLE articles (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    category_id UUID NOT NULL REFERENCES help_categories (id),
    audience TEXT NOT NULL,
    related TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE INDEX articles_by_change ON articles (workspace_id, updated_at, id) WHERE archived_at IS NULL;
CREATE INDEX articles_of_category ON articles (workspace_id, category_id, updated_at, id) WHERE archived_at IS NULL;

-- The working text of an article in one language; `published_revision` is what the public sees.
CREATE TABLE article_texts (
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL REFERENCES articles (id),
    locale TEXT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    questions TEXT NOT NULL,
    video_url TEXT,
    version BIGINT NOT NULL,
    draft_revision BIGINT NOT NULL,
    published_revision BIGINT,
    published_at BIGINT,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, article_id, locale)
);
CREATE UNIQUE INDEX article_texts_by_slug ON article_texts (workspace_id, locale, slug);
CREATE INDEX article_texts_published ON article_texts (workspace_id, locale, published_at) WHERE published_revision IS NOT NULL;

CREATE TABLE article_revisions (
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL REFERENCES articles (id),
    locale TEXT NOT NULL,
    revision BIGINT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    body TEXT NOT NULL,
    questions TEXT NOT NULL,
    video_url TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (workspace_id, article_id, locale, revision)
);

-- Views and votes, added up for each day.
CREATE TABLE article_days (
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL REFERENCES articles (id),
    locale TEXT NOT NULL,
    day BIGINT NOT NULL,
    views BIGINT NOT NULL,
    helpful BIGINT NOT NULL,
    unhelpful BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, article_id, locale, day)
);

-- Searches that found nothing, or whose results nobody opened: the beginning of a gap.
CREATE TABLE help_searches (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    locale TEXT NOT NULL,
    query TEXT NOT NULL,
    results BIGINT NOT NULL,
    searched_at BIGINT NOT NULL
);
CREATE INDEX help_searches_by_time ON help_searches (workspace_id, searched_at, id);
