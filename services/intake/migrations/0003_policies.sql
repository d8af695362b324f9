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
