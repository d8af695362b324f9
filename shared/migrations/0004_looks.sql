-- Who looked at which application, or tried to: one row per call, added in a transaction of its own, so that it stays
-- when the call is refused or fails. `applications` were shown or asked for; `fields` were asked for in full.
CREATE TABLE looks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    roles text[] NOT NULL,
    act text NOT NULL,
    applications uuid[] NOT NULL,
    person_id uuid,
    fields text[] NOT NULL,
    reason text,
    outcome text NOT NULL CHECK (outcome IN ('shown', 'refused', 'failed')),
    code text,
    CHECK ((outcome = 'shown') = (code IS NULL))
);
CREATE INDEX looks_applications ON looks USING gin (applications) WITH (gin_pending_list_limit = 256);
CREATE INDEX looks_person ON looks (person_id, id) WHERE person_id IS NOT NULL;
CREATE INDEX looks_actor ON looks (actor, id);

COMMENT ON TABLE looks IS 'append-only';
