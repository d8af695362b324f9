-- The data key of each person, wrapped by a master key. Erasing a person deletes the row.
CREATE TABLE person_keys (
    person_id uuid PRIMARY KEY,
    key_id uuid NOT NULL UNIQUE,
    algorithm text NOT NULL,
    master text NOT NULL,
    box bytea NOT NULL,
    made_at timestamptz NOT NULL
);

COMMENT ON TABLE person_keys IS 'rows go: with the person who is erased';
