-- Which papers are in the object store; the row is written after the object.
CREATE TABLE materials (
    content_hash bytea PRIMARY KEY,
    size bigint NOT NULL,
    content_type text NOT NULL,
    channel text NOT NULL,
    stored_at timestamptz NOT NULL
);
