-- Events beside the state they belong to. The relay publishes them in id order and updates no row;
-- old rows go by dropping whole partitions, so ids are drawn one by one (CACHE 1) and never reused.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
    event_id uuid NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    type text NOT NULL,
    dataschema text NOT NULL,
    sequence bigint NOT NULL,
    previous_hash text NOT NULL,
    traceparent text,
    occurred_at timestamptz NOT NULL,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE TABLE outbox_p0 PARTITION OF outbox FOR VALUES FROM (0) TO (500000);
CREATE TABLE outbox_p1 PARTITION OF outbox FOR VALUES FROM (500000) TO (1000000);
CREATE TABLE outbox_p2 PARTITION OF outbox FOR VALUES FROM (1000000) TO (1500000);
CREATE TABLE outbox_p3 PARTITION OF outbox FOR VALUES FROM (1500000) TO (2000000);

-- The end of the chain of each key: the number and the hash of its last event. Who states an event holds this row.
CREATE TABLE chains (
    topic text NOT NULL,
    key text NOT NULL,
    sequence bigint NOT NULL DEFAULT 0,
    hash text NOT NULL DEFAULT repeat('0', 64),
    PRIMARY KEY (topic, key)
) WITH (fillfactor = 80);

-- One row per relay shard: who publishes (lease with epoch), how far, and which ids were skipped on the way.
CREATE TABLE relay_checkpoint (
    shard int PRIMARY KEY,
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    cursor bigint NOT NULL DEFAULT 0,
    holes jsonb NOT NULL DEFAULT '[]',
    cluster_id text
);
INSERT INTO relay_checkpoint (shard) VALUES (0);

COMMENT ON TABLE outbox IS 'append-only';
