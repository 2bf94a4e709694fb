-- Vectors of the bot's articles, by the sentence-embedding model that the operator installed. They can be made again from the articles
-- at any time: text_hash changes with the text and with the model.

CREATE TABLE bot_article_vectors (
    workspace_id UUID NOT NULL,
    article_id UUID NOT NULL,
    locale TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    vectors BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, article_id, locale)
);
