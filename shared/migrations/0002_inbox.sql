-- Which events this service has handled: inserted first, in the transaction of the effect.
CREATE TABLE inbox (
    event_id uuid NOT NULL,
    topic text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, event_id)
) PARTITION BY HASH (event_id);
CREATE TABLE inbox_h0 PARTITION OF inbox FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE inbox_h1 PARTITION OF inbox FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE inbox_h2 PARTITION OF inbox FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE inbox_h3 PARTITION OF inbox FOR VALUES WITH (MODULUS 4, REMAINDER 3);

-- The last event handled per key and topic: its number turns a repeat into nothing and a gap into a wait, its hash
-- is what the next one has to name.
CREATE TABLE progress (
    topic text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

-- Records set aside with their original bytes. A row in state 'open' is the hold on its key.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    key text,
    event_id uuid,
    type text,
    sequence bigint,
    headers jsonb NOT NULL,
    raw_key bytea,
    body bytea,
    record_timestamp timestamptz NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    attempts int NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'redriven', 'discarded')),
    parked_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    settled_by text,
    settled_why text,
    UNIQUE (topic, partition, "offset", record_timestamp)
);
CREATE INDEX parked_open ON parked (topic, key, sequence, id) WHERE state = 'open';

-- Enters events and tells which are new, which keys are held and by what, and how far each key has come.
-- Every statement in it sees what was committed before that statement: whoever waited for the inbox row or
-- the hold of another transaction sees what that one left.
CREATE FUNCTION enter_inbox(of_topic text, ids uuid[], keys text[])
RETURNS TABLE (event_id uuid, key text, held_by text, sequence bigint, hash text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        INSERT INTO inbox (event_id, topic) SELECT id, of_topic FROM unnest(ids) AS id
        ON CONFLICT DO NOTHING RETURNING inbox.event_id, NULL::text, NULL::text, NULL::bigint, NULL::text;
    RETURN QUERY
        SELECT NULL::uuid, parked.key, parked.code, NULL::bigint, NULL::text FROM parked
        WHERE parked.topic = of_topic AND parked.key = ANY (keys) AND parked.state = 'open' FOR SHARE;
    RETURN QUERY
        SELECT NULL::uuid, progress.key, NULL::text, progress.sequence, progress.hash FROM progress
        WHERE progress.topic = of_topic AND progress.key = ANY (keys);
END $$;

COMMENT ON TABLE inbox IS 'append-only';
