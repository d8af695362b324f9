-- Who asked for an application's evidence with its private parts opened and why, and who else agreed.
CREATE TABLE exports (
    export_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    reason text NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL
);
CREATE TABLE export_approvals (
    export_id uuid PRIMARY KEY REFERENCES exports,
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL
);

COMMENT ON TABLE exports IS 'append-only';
COMMENT ON TABLE export_approvals IS 'append-only';
