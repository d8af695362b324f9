-- Who asked for the erasure of which person and why, and who else agreed and so did it.
CREATE TABLE erasures (
    erasure_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL
);
CREATE TABLE erasure_approvals (
    erasure_id uuid PRIMARY KEY REFERENCES erasures,
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL
);
-- When the state of an erased person's key, in general a tombstone, was stated once more: the first time, the second.
CREATE TABLE restatements (
    erasure_id uuid NOT NULL REFERENCES erasure_approvals,
    nth bigint NOT NULL,
    stated_at timestamptz NOT NULL,
    PRIMARY KEY (erasure_id, nth)
);

COMMENT ON TABLE erasures IS 'append-only';
COMMENT ON TABLE erasure_approvals IS 'append-only';
COMMENT ON TABLE restatements IS 'append-only';
