-- Full text: words arrive already stemmed, so both engines find the same things. `row_id` orders by time.

CREATE TABLE search_documents (
    row_id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id UUID NOT NULL,
    kind TEXT NOT NULL,
    document_id UUID NOT NULL,
    parent_id UUID,
    occurred_at BIGINT NOT NULL,
    words TEXT NOT NULL
);
CREATE UNIQUE INDEX search_documents_once ON search_documents (workspace_id, kind, document_id);

CREATE VIRTUAL TABLE search_words USING fts5 (words, content = 'search_documents', content_rowid = 'row_id', tokenize = "unicode61 remove_diacritics 0", detail = 'full');
CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_words (rowid, words) VALUES (new.row_id, new.words);
END;
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.row_id, old.words);
END;
CREATE TRIGGER search_documents_changed AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.row_id, old.words);
    INSERT INTO search_words (rowid, words) VALUES (new.row_id, new.words);
END;
