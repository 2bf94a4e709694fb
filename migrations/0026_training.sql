-- Practising on past cases. No text of a case is kept here: what is shown is made anonymous each time it is asked for, so that it goes with the case.

CREATE TABLE training_examples (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    marked_by UUID NOT NULL,
    marked_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);

CREATE TABLE training_attempts (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    -- Which turn of the customer was answered; the first is 0.
    turn BIGINT NOT NULL,
    -- The article that fits; cases are spread over what has been practised least.
    article_id UUID,
    answer TEXT NOT NULL,
    measures TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    shared BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE INDEX training_attempts_of_person ON training_attempts (workspace_id, staff_id, id);
CREATE INDEX training_attempts_shared ON training_attempts (workspace_id, id) WHERE shared;
CREATE INDEX conversations_rated_well ON conversations (workspace_id, closed_at, id) WHERE state = 'closed' AND rating >= 4;
