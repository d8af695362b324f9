-- Which papers are in the object store, each sealed under a key of its own; the row is written after the object.
-- `name` is a keyed hash of the content. Without its row a paper opens no more.
CREATE TABLE materials (
    name bytea PRIMARY KEY,
    size bigint NOT NULL,
    content_type text NOT NULL,
    channel text NOT NULL,
    stored_at timestamptz NOT NULL,
    key_id uuid NOT NULL,
    algorithm text NOT NULL,
    master text NOT NULL,
    box bytea NOT NULL
);
