-- Practising on past cases. No text of a case is kept here: what is shown is made anonymous each time it is asked for, so that it goes with the case.

CREATE TABLE training_examples (
    workspace_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    marked_by UUID NOT NULL,
    marked_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE INDEX training_examples_by_time ON training_examples (workspace_id, marked_at, conversation_id);

CREATE TABLE training_exercises (
    workspace_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    -- Never told to who practises: with it they could open the case.
    conversation_id UUID NOT NULL,
    -- Turns of the customer that a person answered, and how many of them are practised so far.
    turns BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    finished_at BIGINT,
    shared BOOLEAN NOT NULL,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
CREATE UNIQUE INDEX training_exercises_once ON training_exercises (workspace_id, staff_id, conversation_id);
CREATE INDEX training_exercises_of_person ON training_exercises (workspace_id, staff_id, id);
CREATE INDEX training_exercises_shared ON training_exercises (workspace_id, id) WHERE shared;

CREATE TABLE training_answers (
    workspace_id UUID NOT NULL,
    exercise_id UUID NOT NULL,
    -- Which turn of the customer was answered; the first is 0.
    turn BIGINT NOT NULL,
    answer TEXT NOT NULL,
    measures TEXT NOT NULL,
    -- The same of what was really answered.
    real_measures TEXT NOT NULL,
    -- The article that fits; cases are spread over what has been practised least.
    article_id UUID,
    article_title TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, exercise_id, turn),
    FOREIGN KEY (workspace_id, exercise_id) REFERENCES training_exercises (workspace_id, id)
);

CREATE TABLE training_scores (
    workspace_id UUID NOT NULL,
    exercise_id UUID NOT NULL,
    -- Who practised, or who reviews.
    scorer_id UUID NOT NULL,
    sheet_id UUID NOT NULL,
    sheet_version BIGINT NOT NULL,
    marks TEXT NOT NULL,
    -- Of a thousand; null where nothing applied.
    points BIGINT,
    failed BOOLEAN NOT NULL,
    note TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, exercise_id, scorer_id),
    FOREIGN KEY (workspace_id, exercise_id) REFERENCES training_exercises (workspace_id, id),
    FOREIGN KEY (workspace_id, sheet_id, sheet_version) REFERENCES quality_sheet_versions (workspace_id, sheet_id, version)
);

-- Cases that their customers rated well, newest first.
CREATE INDEX conversations_rated_well ON conversations (workspace_id, closed_at, id) WHERE state = 'closed' AND rating >= 4;
-- A sheet says how many reviews it has.
CREATE INDEX quality_reviews_of_sheet ON quality_reviews (workspace_id, sheet_id, state, published_at);
