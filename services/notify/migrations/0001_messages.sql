-- The person of each application. `sealed` is the private part of its submission under the data key `key_id`;
-- of an erased person the name of the key stays.
CREATE TABLE recipients (
    application_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    region text NOT NULL,
    acceptance_no text NOT NULL,
    key_id uuid,
    sealed text
);
CREATE INDEX recipients_person ON recipients (person_id);

-- What notify needs of each region's policy.
CREATE TABLE regions (
    region text PRIMARY KEY,
    version int NOT NULL,
    signature text NOT NULL,
    division text NOT NULL,
    entry text,
    neutral boolean NOT NULL,
    ways jsonb NOT NULL,
    material_names jsonb NOT NULL
);

-- One row per event, application and way. A row may come before its recipient: it waits for it.
-- `sealed` is the private part of the event under the data key `key_id`, where the inbox tells of it in words.
-- due_at is the next try, or the end of the lease while a worker sends; attempts counts the claims and fences.
CREATE TABLE messages (
    message_id uuid PRIMARY KEY,
    application_id uuid NOT NULL,
    event_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'in_app')),
    template text NOT NULL,
    template_version int NOT NULL,
    details jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    useful_until timestamptz,
    key_id uuid,
    sealed text,
    created_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (
        state IN ('queued', 'sending', 'sent', 'suppressed', 'expired', 'failed', 'undelivered', 'delivered')
    ),
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    unclear boolean NOT NULL DEFAULT false,
    text text,
    segments int,
    provider_id text,
    reason text,
    sent_at timestamptz,
    settled_at timestamptz,
    read_at timestamptz,
    UNIQUE (application_id, event_id, channel)
);
CREATE INDEX messages_due ON messages (channel, due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX messages_missed ON messages (settled_at) WHERE state IN ('failed', 'undelivered', 'expired');

-- Every claim of a text and the answer it got; no answer means that the worker ended in between.
CREATE TABLE attempts (
    message_id uuid NOT NULL,
    attempt int NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    answer text,
    detail text,
    PRIMARY KEY (message_id, attempt)
);

-- Every receipt of the provider, also for references that are not known here.
CREATE TABLE receipts (
    reference text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    provider_id text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (reference, state, at, provider_id)
);

COMMENT ON TABLE receipts IS 'append-only';
