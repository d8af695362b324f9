-- Every version of a region's policy with its day, so that an announced one waits for it. What was kept before has
-- been applied already, so its day has come. The table has a row or a few per region: its lock lasts no time. A
-- process of before cannot keep policies any more, and leaves them to one that knows their days.
ALTER TABLE regions ADD COLUMN effective_from date NOT NULL DEFAULT '0001-01-01';
-- squawk-ignore ban-drop-constraint
ALTER TABLE regions DROP CONSTRAINT regions_pkey;
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
ALTER TABLE regions ADD PRIMARY KEY (region, version);
