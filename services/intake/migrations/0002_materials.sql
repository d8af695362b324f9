-- Which papers are in the object store, each sealed under a key of its own; the row is written after the object.
-- `name` is a keyed hash of the content. Without its row a paper opens no more. `stored_at` is the last upload.
-- One that is to go is first `leaving`: nobody can hand it in any more, and a new upload makes it stay.
-- `archive_of` is the application in whose archive it will lie.
CREATE TABLE materials (
    name bytea PRIMARY KEY,
    size bigint NOT NULL,
    content_type text NOT NULL,
    channel text NOT NULL,
    stored_at timestamptz NOT NULL,
    key_id uuid NOT NULL,
    algorithm text NOT NULL,
    master text NOT NULL,
    box bytea NOT NULL,
    leaving_at timestamptz,
    archive_of uuid
);
CREATE INDEX materials_leaving ON materials (leaving_at) WHERE leaving_at IS NOT NULL;

COMMENT ON TABLE materials IS 'rows go: with the paper that is erased or archived';
