-- Mailboxes as channels: how each is reached, how far it has been read, every mail that came or left, and who takes part.

CREATE TABLE mailboxes (
    id UUID PRIMARY KEY,
    workspace_id UUID NOT NULL,
    channel_id UUID NOT NULL REFERENCES channels (id),
    address TEXT NOT NULL,
    settings TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    revision BIGINT NOT NULL,
    uid_validity BIGINT,
    last_uid BIGINT,
    highest_modseq BIGINT,
    state TEXT NOT NULL,
    trouble TEXT,
    trouble_detail TEXT,
    checked_at BIGINT,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX mailboxes_of_workspace ON mailboxes (workspace_id, id);
CREATE UNIQUE INDEX mailboxes_by_channel ON mailboxes (workspace_id, channel_id);
CREATE UNIQUE INDEX mailboxes_by_address ON mailboxes (workspace_id, address) WHERE removed_at IS NULL;

CREATE TABLE mails (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    mailbox_id UUID NOT NULL,
    direction TEXT NOT NULL,
    message_id TEXT NOT NULL,
    conversation_id UUID,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    recipients TEXT NOT NULL,
    inline_files TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
-- A mail is processed once, however often a server shows it.
CREATE UNIQUE INDEX mails_once ON mails (workspace_id, message_id, mailbox_id, direction);
CREATE INDEX mails_of_conversation ON mails (workspace_id, conversation_id, created_at) WHERE conversation_id IS NOT NULL;

-- Which messages of the inbox a mail stands for: one, or the several that the bot said at once.
CREATE TABLE mail_parts (
    workspace_id UUID NOT NULL,
    message_id UUID NOT NULL,
    mail_id UUID NOT NULL,
    PRIMARY KEY (workspace_id, message_id)
);
CREATE INDEX mail_parts_of_mail ON mail_parts (workspace_id, mail_id);

CREATE TABLE mail_participants (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    address TEXT NOT NULL,
    name TEXT,
    contact_id UUID,
    invited BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, address)
);

-- The last automatic answer to an address; the next one is due a day later.
CREATE TABLE automatic_answers (
    workspace_id UUID NOT NULL,
    address TEXT NOT NULL,
    mail_id UUID NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, address)
);
CREATE INDEX automatic_answers_by_age ON automatic_answers (workspace_id, answered_at);
