-- Mails on their way out: which may have arrived although nobody heard so.

-- Set before the last step of handing a mail over, taken away when its end is known.
ALTER TABLE mails ADD COLUMN handing_over_at BIGINT;
-- When it was first unknown whether a try had succeeded. The mail may have arrived twice.
ALTER TABLE mails ADD COLUMN unclear_at BIGINT;
CREATE INDEX mails_unclear ON mails (workspace_id, mailbox_id, unclear_at) WHERE unclear_at IS NOT NULL;

-- Answers that wait for a moment that somebody chose. What leaves becomes a message, and its row goes.
CREATE TABLE scheduled_answers (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    client_key TEXT NOT NULL,
    -- Body, format, files, recipients, and whether it closes the conversation.
    content TEXT NOT NULL,
    send_at BIGINT NOT NULL,
    -- Why it waits for a person; null while it leaves by itself.
    held TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, id)
);
CREATE INDEX scheduled_answers_of_conversation ON scheduled_answers (workspace_id, conversation_id, send_at);
