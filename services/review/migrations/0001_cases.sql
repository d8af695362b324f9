-- One row per case. `state` is the fold of `events`, the review.cases events as they were stated; status, stage,
-- due_on and sequence are taken from it for the queue. `dossier` is what intake told. The claim stands outside.
CREATE TABLE cases (
    application_id uuid PRIMARY KEY,
    region text NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'asked', 'decided', 'closed')),
    stage text NOT NULL CHECK (stage IN ('acceptance', 'first', 'expert', 'final')),
    due_on date,
    due_provisional boolean NOT NULL,
    sequence bigint NOT NULL,
    state jsonb NOT NULL,
    events jsonb NOT NULL,
    dossier jsonb NOT NULL,
    claim_token bigint NOT NULL DEFAULT 0,
    claimed_by text,
    claim_expires_at timestamptz,
    opened_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (status <> 'waiting' OR due_on IS NOT NULL),
    CHECK ((claimed_by IS NULL) = (claim_expires_at IS NULL))
) WITH (fillfactor = 80);

-- The queue: who waits for an officer, by region and stage, the most urgent first.
CREATE INDEX cases_queue ON cases (region, stage, due_on, application_id) WHERE status = 'waiting';

-- Due dates that rest on a calendar year that was not loaded; corrected when it arrives.
CREATE INDEX cases_provisional ON cases (application_id)
    WHERE due_provisional AND status IN ('waiting', 'asked');

-- One voice per expert and one decision per case, whatever the program does.
CREATE TABLE expert_opinions (
    application_id uuid NOT NULL REFERENCES cases,
    expert text NOT NULL,
    recommendation text NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (application_id, expert)
);
CREATE TABLE decisions (
    application_id uuid PRIMARY KEY REFERENCES cases,
    outcome text NOT NULL CHECK (outcome IN ('approved', 'rejected')),
    decided_by text NOT NULL,
    first_reviewer text NOT NULL,
    policy_version int NOT NULL,
    decided_at timestamptz NOT NULL,
    CHECK (decided_by <> first_reviewer)
);

-- The trace of due dates that a late calendar year corrected.
CREATE TABLE due_corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES cases,
    due_before date,
    due_after date,
    corrected_at timestamptz NOT NULL
);

COMMENT ON TABLE expert_opinions IS 'append-only';
COMMENT ON TABLE decisions IS 'append-only';
COMMENT ON TABLE due_corrections IS 'append-only';
