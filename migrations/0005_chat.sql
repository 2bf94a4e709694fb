-- Visitors of the chat widget. A visitor is a browser; a contact is a person. They meet when the visitor writes or proves who they are.

CREATE TABLE visitors (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL REFERENCES channels (id),
    contact_id UUID,
    token_hash TEXT NOT NULL,
    locale TEXT,
    verified BOOLEAN NOT NULL,
    pages TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX visitors_by_token ON visitors (token_hash);
CREATE INDEX visitors_of_contact ON visitors (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
