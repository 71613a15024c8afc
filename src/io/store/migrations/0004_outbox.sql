-- Messages that are to leave: written in the transaction of what they tell of, sent later.

CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    once_key TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    template TEXT NOT NULL,
    purpose TEXT NOT NULL,
    recipient_kind TEXT NOT NULL,
    recipient_sealed TEXT NOT NULL,
    recipient_tag TEXT,
    ticket TEXT,
    ticket_number TEXT NOT NULL,
    variables_sealed TEXT NOT NULL,
    confidential BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    resends BIGINT NOT NULL,
    -- When a sender may take it: the next attempt, or the end of the lease.
    next_at_us BIGINT NOT NULL,
    lease_until_us BIGINT,
    lease_node TEXT,
    gateway TEXT,
    gateway_id TEXT,
    last_error TEXT,
    created_at_us BIGINT NOT NULL,
    sent_at_us BIGINT,
    settled_at_us BIGINT,
    requeued_at_us BIGINT,
    requeued_by TEXT
);
CREATE INDEX outbox_due ON outbox (channel, next_at_us, id) WHERE state IN ('queued', 'leased');
CREATE INDEX outbox_state ON outbox (state, created_at_us, id);
CREATE INDEX outbox_created ON outbox (created_at_us, id);
CREATE INDEX outbox_ticket ON outbox (ticket, created_at_us, id) WHERE ticket IS NOT NULL;
CREATE INDEX outbox_recipient ON outbox (recipient_tag, created_at_us, id) WHERE recipient_tag IS NOT NULL;

-- One row per short message on the air: a long text is several. A receipt that comes before the answer to its
-- submission waits here with an empty outbox.
CREATE TABLE outbox_part (
    gateway TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    outbox TEXT NOT NULL,
    status TEXT,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (gateway, gateway_id)
);
CREATE INDEX outbox_part_outbox ON outbox_part (outbox);
CREATE INDEX outbox_part_at ON outbox_part (at_us);

-- What citizens answer, stored before the gateway is told that we have it.
CREATE TABLE sms_inbound (
    id TEXT PRIMARY KEY,
    gateway TEXT NOT NULL,
    gateway_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    sender_tag TEXT,
    received_at_us BIGINT NOT NULL,
    handled_at_us BIGINT,
    UNIQUE (gateway, gateway_id)
);
CREATE INDEX sms_inbound_waiting ON sms_inbound (received_at_us, id) WHERE handled_at_us IS NULL;
CREATE INDEX sms_inbound_sender ON sms_inbound (sender_tag, received_at_us) WHERE sender_tag IS NOT NULL;
