-- Portable subset: TEXT ids and codes, BIGINT instants (microseconds UTC), lengths and flags, JSON as TEXT.

CREATE TABLE journal (
    node TEXT NOT NULL,
    fact_no BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    interaction TEXT,
    ticket TEXT,
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    envelope TEXT NOT NULL,
    PRIMARY KEY (node, fact_no)
);
-- All of what is asked for stands in the index, so that no planner prefers to walk the primary key in order.
CREATE INDEX journal_interaction ON journal (interaction, node, fact_no) WHERE interaction IS NOT NULL;
CREATE INDEX journal_ticket ON journal (ticket, node, fact_no) WHERE ticket IS NOT NULL;

CREATE TABLE chain_head (
    node TEXT PRIMARY KEY,
    fact_no BIGINT NOT NULL,
    hash TEXT NOT NULL
);

CREATE TABLE checkpoint (
    name TEXT NOT NULL,
    node TEXT NOT NULL,
    fact_no BIGINT NOT NULL,
    PRIMARY KEY (name, node)
);

-- Rows here are the only mutable thing that makes sealed values readable: deleting one erases them everywhere.
CREATE TABLE data_key (
    key_id TEXT PRIMARY KEY,
    master_id TEXT NOT NULL,
    wrapped TEXT NOT NULL
);

CREATE TABLE interaction (
    id TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    trunk TEXT,
    line TEXT,
    flow TEXT,
    caller_sealed TEXT,
    caller_tag TEXT,
    caller_last4_tag TEXT,
    offered_at_us BIGINT NOT NULL,
    answered_at_us BIGINT,
    queued_at_us BIGINT,
    agent_answered_at_us BIGINT,
    ended_at_us BIGINT,
    queue TEXT,
    agent TEXT,
    outcome TEXT,
    ended_by TEXT,
    status BIGINT,
    refusal TEXT,
    q850 BIGINT,
    recording TEXT,
    notice_prompt TEXT,
    notice_whole BIGINT,
    notice_played_ms BIGINT,
    choices TEXT NOT NULL,
    wait_ms BIGINT NOT NULL,
    talk_ms BIGINT NOT NULL,
    hold_ms BIGINT NOT NULL,
    wrapup_ms BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX interaction_offered ON interaction (offered_at_us, id);
CREATE INDEX interaction_agent ON interaction (agent, offered_at_us) WHERE agent IS NOT NULL;
CREATE INDEX interaction_caller ON interaction (caller_tag, offered_at_us) WHERE caller_tag IS NOT NULL;
CREATE INDEX interaction_open ON interaction (node) WHERE ended_at_us IS NULL;

CREATE TABLE segment (
    interaction TEXT NOT NULL,
    no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    to_us BIGINT NOT NULL,
    lasted_ms BIGINT NOT NULL,
    queue TEXT,
    agent TEXT,
    PRIMARY KEY (interaction, no)
);

CREATE TABLE offer (
    id TEXT PRIMARY KEY,
    interaction TEXT NOT NULL,
    agent TEXT NOT NULL,
    queue TEXT NOT NULL,
    offered_at_us BIGINT NOT NULL,
    outcome TEXT,
    lasted_ms BIGINT NOT NULL
);
CREATE INDEX offer_interaction ON offer (interaction);

CREATE TABLE recording (
    id TEXT PRIMARY KEY,
    interaction TEXT,
    state TEXT NOT NULL,
    opened_at_us BIGINT NOT NULL,
    closed_at_us BIGINT,
    path TEXT,
    duration_ms BIGINT,
    bytes BIGINT,
    digest TEXT,
    gap_ms BIGINT,
    recovered BIGINT NOT NULL,
    error TEXT
);
CREATE INDEX recording_opened ON recording (opened_at_us, id);
CREATE INDEX recording_interaction ON recording (interaction);

CREATE TABLE queue_interval (
    queue TEXT NOT NULL,
    start_us BIGINT NOT NULL,
    offered BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    abandoned BIGINT NOT NULL,
    short_abandoned BIGINT NOT NULL,
    left_otherwise BIGINT NOT NULL,
    answered_15s BIGINT NOT NULL,
    answered_20s BIGINT NOT NULL,
    abandoned_15s BIGINT NOT NULL,
    abandoned_20s BIGINT NOT NULL,
    answered_wait_ms BIGINT NOT NULL,
    abandoned_wait_ms BIGINT NOT NULL,
    talk_ms BIGINT NOT NULL,
    hold_ms BIGINT NOT NULL,
    wrapup_ms BIGINT NOT NULL,
    no_answers BIGINT NOT NULL,
    wait_max_ms BIGINT NOT NULL,
    PRIMARY KEY (queue, start_us)
);

-- INVITEs refused while facts could not be taken one by one.
CREATE TABLE refusal_minute (
    node TEXT NOT NULL,
    minute_us BIGINT NOT NULL,
    reason TEXT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (node, minute_us, reason)
);

CREATE TABLE ticket (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    query_code TEXT NOT NULL,
    state TEXT NOT NULL,
    interaction TEXT NOT NULL UNIQUE,
    caller_sealed TEXT,
    caller_tag TEXT,
    line TEXT,
    queue TEXT NOT NULL,
    agent TEXT NOT NULL,
    recording TEXT,
    appellant_kind TEXT,
    appeal_type TEXT,
    category TEXT,
    category_version BIGINT NOT NULL,
    urgency TEXT,
    place TEXT,
    region TEXT,
    draft_sealed TEXT,
    submit_key TEXT,
    version BIGINT NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    submitted_at_us BIGINT
);
CREATE INDEX ticket_created ON ticket (created_at_us, id);
CREATE INDEX ticket_agent ON ticket (agent, created_at_us);
CREATE INDEX ticket_caller ON ticket (caller_tag, created_at_us) WHERE caller_tag IS NOT NULL;

CREATE TABLE ticket_counter (
    day TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    organ TEXT NOT NULL,
    agent TEXT,
    state TEXT NOT NULL,
    failed_sign_ins BIGINT NOT NULL,
    locked_until_us BIGINT,
    created_at_us BIGINT NOT NULL,
    password_set_at_us BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_agent ON account (agent) WHERE agent IS NOT NULL;

CREATE TABLE web_session (
    token_hash TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at_us BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX web_session_account ON web_session (account);
CREATE INDEX web_session_expires ON web_session (expires_at_us);

CREATE TABLE profile (
    version BIGINT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    document TEXT NOT NULL,
    published_at_us BIGINT NOT NULL,
    published_by TEXT NOT NULL
);

CREATE TABLE device_secret (
    device TEXT PRIMARY KEY,
    realm TEXT NOT NULL,
    sealed TEXT NOT NULL,
    set_at_us BIGINT NOT NULL
);

CREATE TABLE alarm (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    object TEXT NOT NULL,
    raised_at_us BIGINT NOT NULL,
    cleared_at_us BIGINT,
    acknowledged_at_us BIGINT,
    acknowledged_by TEXT
);
CREATE INDEX alarm_raised ON alarm (raised_at_us, id);
CREATE UNIQUE INDEX alarm_open ON alarm (code, object) WHERE cleared_at_us IS NULL;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
