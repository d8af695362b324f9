-- What moved a due date: a calendar of a year, or a policy version with other days of its own; and whether the
-- new day is certain. Corrections that were made before know no cause; all of them were certain.
ALTER TABLE due_corrections
    ADD COLUMN due_provisional boolean NOT NULL DEFAULT false,
    ADD COLUMN calendar_year bigint,
    ADD COLUMN calendar_version bigint,
    ADD COLUMN policy_version bigint;
