-- Full text: words arrive already stemmed, so both engines find the same things. `row_id` orders by time.

CREATE TABLE search_documents (
    row_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    document_id UUID NOT NULL,
    parent_id UUID,
    occurred_at BIGINT NOT NULL,
    words TEXT NOT NULL,
    vector TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED
);
CREATE UNIQUE INDEX search_documents_once ON search_documents (workspace_id, kind, document_id);
CREATE INDEX search_documents_words ON search_documents USING GIN (vector);
