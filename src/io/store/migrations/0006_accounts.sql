-- Requests for accounts and rights, signed commitments, sessions that gave way to a newer one, and what was taken out.

-- The wish and what stood before it are JSON; why it was asked and how it was answered stand sealed.
CREATE TABLE account_request (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    account TEXT NOT NULL,
    -- The organ it is for, as its path from the city down.
    organ TEXT NOT NULL,
    wish TEXT NOT NULL,
    before TEXT,
    -- The organ that decides; none when it took effect at once.
    approver TEXT,
    asked_by TEXT NOT NULL,
    asking_organ TEXT NOT NULL,
    asked_at_us BIGINT NOT NULL,
    reason_sealed TEXT NOT NULL,
    decided_by TEXT,
    decided_at_us BIGINT,
    answer_sealed TEXT
);
CREATE UNIQUE INDEX account_request_open ON account_request (account) WHERE state = 'open';
CREATE INDEX account_request_asked ON account_request (asked_at_us, id);
CREATE INDEX account_request_asking ON account_request (asking_organ, state);

-- 保密承诺: who signed which version of the text, and its SHA-256 as it was shown.
CREATE TABLE commitment (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    signed_at_us BIGINT NOT NULL,
    PRIMARY KEY (account, version)
);

-- So that the older browser can be told why it is out; of an account only those that the last sign-in ended.
CREATE TABLE session_replaced (
    token_hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX session_replaced_account ON session_replaced (account);

-- What left the house as a table; what for stands sealed.
CREATE TABLE data_export (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    organ TEXT NOT NULL,
    format TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    bounded BIGINT NOT NULL,
    filter TEXT NOT NULL,
    purpose_sealed TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    exported_at_us BIGINT NOT NULL
);
CREATE INDEX data_export_at ON data_export (exported_at_us, id);
