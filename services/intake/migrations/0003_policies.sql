-- The local copy of what catalog publishes.
CREATE TABLE policies (
    region text NOT NULL,
    version int NOT NULL,
    effective_from date NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (region, version)
);

CREATE TABLE calendars (
    year int NOT NULL,
    version int NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (year, version)
);

-- How many answers each record key of channel.submissions has got: the sequence on intake.receipts.
CREATE TABLE answers (
    channel text NOT NULL,
    submission_key text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (channel, submission_key)
);
