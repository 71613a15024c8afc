-- The knowledge base, version by version, what is to be brought up to date in it, and the files of orders.

CREATE TABLE article (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    owner TEXT NOT NULL,
    -- Civil days, YYYY-MM-DD, both inclusive.
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    writer TEXT NOT NULL,
    approver TEXT,
    created_at_us BIGINT NOT NULL,
    changed_at_us BIGINT NOT NULL,
    approved_at_us BIGINT,
    PRIMARY KEY (id, version)
);
CREATE INDEX article_state ON article (state, changed_at_us);
CREATE INDEX article_owner ON article (owner, changed_at_us);

-- A request to bring an article up to date, or to write one. Why stands sealed: it may speak of a case.
CREATE TABLE article_update (
    id TEXT PRIMARY KEY,
    article TEXT,
    organ TEXT NOT NULL,
    ticket TEXT,
    reason_sealed TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    done_at_us BIGINT,
    done_version BIGINT,
    -- When its lateness was told.
    overdue_at_us BIGINT
);
CREATE INDEX article_update_due ON article_update (due_us) WHERE done_at_us IS NULL AND overdue_at_us IS NULL;
CREATE INDEX article_update_organ ON article_update (organ, asked_at_us);

-- Files of orders; the bytes stand sealed in the data directory.
CREATE TABLE ticket_file (
    id TEXT PRIMARY KEY,
    ticket TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    media_type TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at_us BIGINT NOT NULL
);
CREATE INDEX ticket_file_ticket ON ticket_file (ticket, uploaded_at_us);
