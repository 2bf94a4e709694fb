-- Mailboxes whose mails are brought by others: by a mail server of the operator's, or by a provider's calls.

ALTER TABLE mailboxes ADD COLUMN arrival TEXT NOT NULL DEFAULT 'imap';
CREATE INDEX mailboxes_arriving ON mailboxes (arrival, address);

-- Tokens of providers whose signature does not cover the mail: each is good for one mail.
CREATE TABLE mail_hook_tokens (
    workspace_id UUID NOT NULL,
    mailbox_id UUID NOT NULL,
    token TEXT NOT NULL,
    -- Digest of the mail that it brought.
    mail TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, mailbox_id, token)
);
