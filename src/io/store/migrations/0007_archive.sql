-- The catalogue of archived orders: what is found by year, category, unit and region. Written with each package; the
-- package itself and the order's fact say what is true.
CREATE TABLE archive (
    number TEXT PRIMARY KEY,
    ticket TEXT NOT NULL UNIQUE,
    year TEXT NOT NULL,
    appeal_type TEXT,
    category TEXT,
    region TEXT,
    unit TEXT,
    confidential BIGINT NOT NULL,
    manifest TEXT NOT NULL,
    version BIGINT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    packed_at_us BIGINT NOT NULL,
    -- The last check: when, and how many faults it found.
    checked_at_us BIGINT,
    faults BIGINT,
    -- The last copy to a second store.
    copied_at_us BIGINT
);
CREATE INDEX archive_year ON archive (year, number);
CREATE INDEX archive_category ON archive (category, number) WHERE category IS NOT NULL;
CREATE INDEX archive_unit ON archive (unit, number) WHERE unit IS NOT NULL;
CREATE INDEX archive_region ON archive (region, number) WHERE region IS NOT NULL;
