-- Who asked that what was due at that moment goes, why, what was counted then (by region, kind and policy version),
-- and who else agreed. `counts` of a batch says how much was done and when.
CREATE TABLE retention_runs (
    run_id uuid PRIMARY KEY,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    counts jsonb NOT NULL
);
CREATE TABLE retention_approvals (
    run_id uuid PRIMARY KEY REFERENCES retention_runs,
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL
);
CREATE TABLE retention_batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES retention_runs,
    at timestamptz NOT NULL,
    counts jsonb NOT NULL
);

COMMENT ON TABLE retention_runs IS 'append-only';
COMMENT ON TABLE retention_approvals IS 'append-only';
COMMENT ON TABLE retention_batches IS 'append-only';

-- Papers of applications whose policy archives them; `archived_at` is empty until the sealed object lies in the
-- archive, where `sealed_hash` is its SHA-256. Without its row a paper opens no more.
CREATE TABLE archived_papers (
    key_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    name bytea NOT NULL,
    size bigint NOT NULL,
    content_type text NOT NULL,
    stored_at timestamptz NOT NULL,
    algorithm text NOT NULL,
    master text NOT NULL,
    box bytea NOT NULL,
    sealed_hash text,
    archived_at timestamptz
);
CREATE INDEX archived_papers_of ON archived_papers (application_id);

-- Objects that nothing opens any more and that are still in the store: whoever comes next deletes them.
CREATE TABLE leftovers (object text PRIMARY KEY);

COMMENT ON TABLE archived_papers IS 'rows go: with the person who is erased';
COMMENT ON TABLE leftovers IS 'rows go: with the object that is deleted';
