-- Whether the region's limit was verified, and whether an appeal to the agency is known: what nobody verified is not
-- promised. Versions that were kept before are taken as they were told until now.
ALTER TABLE regions ADD COLUMN limit_verified boolean NOT NULL DEFAULT true;
ALTER TABLE regions ADD COLUMN appeals boolean NOT NULL DEFAULT true;
