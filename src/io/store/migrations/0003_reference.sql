-- Reference data of the site: whole documents, a version each time one is published. The newest of a kind counts.
CREATE TABLE reference_document (
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    published_at_us BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    PRIMARY KEY (kind, version)
);
