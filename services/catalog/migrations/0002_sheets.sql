-- Policy files as they were published, every version for ever: layers of policies, and calendars.
CREATE TABLE sheet (
    key text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    effective_from date NOT NULL,
    under text,
    content_hash text NOT NULL,
    text text NOT NULL,
    written_by text,
    published_by text,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (key, version)
);

-- A changed policy file on its way: written by one person, checked, published by another.
CREATE TABLE draft (
    draft_id uuid PRIMARY KEY,
    key text NOT NULL,
    based_on int NOT NULL,
    effective_from date NOT NULL,
    content_hash text NOT NULL,
    name text NOT NULL,
    text text NOT NULL,
    note text NOT NULL,
    written_by text NOT NULL,
    written_at timestamptz NOT NULL
);

-- What became of a draft; each step is taken once.
CREATE TABLE draft_step (
    draft_id uuid NOT NULL REFERENCES draft,
    step text NOT NULL CHECK (step IN ('checked', 'published', 'withdrawn')),
    taken_by text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (draft_id, step)
);

-- From which day a policy holds, what it was made of, and the two people behind it.
ALTER TABLE document ADD COLUMN effective_from date;
ALTER TABLE document ADD COLUMN layers jsonb;
ALTER TABLE document ADD COLUMN written_by text;
ALTER TABLE document ADD COLUMN published_by text;
UPDATE document SET effective_from = coalesce((body ->> 'effective_from')::date, published_at::date);

COMMENT ON TABLE sheet IS 'append-only';
COMMENT ON TABLE draft IS 'append-only';
COMMENT ON TABLE draft_step IS 'append-only';
