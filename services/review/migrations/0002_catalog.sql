-- The local copy of what catalog publishes. Rows are only added, so their number tells whether a copy is current.
CREATE TABLE catalog_documents (
    kind text NOT NULL CHECK (kind IN ('policy', 'calendar')),
    key text NOT NULL,
    version int NOT NULL,
    document jsonb NOT NULL,
    kept_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key, version)
);
