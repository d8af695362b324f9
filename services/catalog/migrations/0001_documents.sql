-- Published documents, every version for ever: a decision names the version it was taken under.
CREATE TABLE document (
    topic text NOT NULL,
    key text NOT NULL,
    version int NOT NULL CHECK (version > 0),
    content_hash text NOT NULL,
    body jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (topic, key, version)
);

-- The newest version of each document; version 0 before the first.
CREATE TABLE document_head (
    topic text NOT NULL,
    key text NOT NULL,
    version int NOT NULL,
    content_hash text NOT NULL,
    PRIMARY KEY (topic, key)
);

COMMENT ON TABLE document IS 'append-only';
