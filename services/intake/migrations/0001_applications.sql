-- An application as the applicant sees it: the fold of its events, so names, numbers and papers are not here.
-- `asked` and `decision` are events of review as published, their private parts sealed.
-- `followed` is the number of the last event of the case that came here.
-- `papers` are the names of what was handed in, joined by commas, so that an erasure finds what is shared;
-- once the retention period is over there are none, and `retired` says whether they were erased or archived.
CREATE TABLE applications (
    application_id uuid PRIMARY KEY,
    acceptance_no text NOT NULL,
    channel text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash bytea NOT NULL,
    region text NOT NULL,
    disease_code text NOT NULL,
    application_type text NOT NULL,
    applicant_class text NOT NULL,
    person_id uuid NOT NULL,
    policy_version int NOT NULL,
    previous_application_id uuid,
    submitted_at timestamptz NOT NULL,
    warnings jsonb,
    papers text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'submitted',
    stage text,
    sequence bigint NOT NULL DEFAULT 1,
    followed bigint NOT NULL DEFAULT 0,
    due_on date,
    due_provisional boolean NOT NULL DEFAULT false,
    due_paused boolean NOT NULL DEFAULT false,
    round int NOT NULL DEFAULT 0,
    asked jsonb,
    answered text,
    decision jsonb,
    ended_at timestamptz,
    retired text,
    UNIQUE (acceptance_no),
    UNIQUE (channel, idempotency_key)
) WITH (fillfactor = 85);

-- One open application per person and disease, whatever channels and processes are at work.
CREATE UNIQUE INDEX applications_open ON applications (person_id, region, disease_code) WHERE ended_at IS NULL;

-- Those whose retention period runs, by region, by person, and by what follows them.
CREATE INDEX applications_ended ON applications (region, ended_at) WHERE ended_at IS NOT NULL AND retired IS NULL;
CREATE INDEX applications_ended_of ON applications (person_id) WHERE ended_at IS NOT NULL;
CREATE INDEX applications_previous ON applications (previous_application_id)
WHERE previous_application_id IS NOT NULL;

-- What followed the submission; the submission itself is the application's row.
CREATE TABLE timeline (
    application_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    type text NOT NULL,
    sequence bigint NOT NULL,
    sentence text NOT NULL,
    sentence_zh text NOT NULL,
    PRIMARY KEY (application_id, type, sequence)
);

COMMENT ON TABLE timeline IS 'append-only';
