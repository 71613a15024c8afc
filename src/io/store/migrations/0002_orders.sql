-- Work orders from the first word to the archive. The order stands in `body` (JSON, codes and instants only) and
-- `sealed` (its words); every other column is derived from it for lists and ratios, in one place of the program.

CREATE TABLE ticket_2 (
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    query_code TEXT NOT NULL,
    query_tries BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT,
    caller_sealed TEXT,
    caller_tag TEXT,
    caller_last4_tag TEXT,
    contact_tag TEXT,
    contact_last4_tag TEXT,
    state TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- The other platform, or the channel when it names none; set with `external` only.
    platform TEXT,
    external TEXT,
    old_number TEXT UNIQUE,
    interaction TEXT,
    matter BIGINT NOT NULL,
    line TEXT,
    queue TEXT,
    agent TEXT,
    appellant_kind TEXT,
    appeal_type TEXT,
    category TEXT,
    urgency TEXT,
    region TEXT,
    -- Codes between commas, one before the first and one after the last.
    flags TEXT NOT NULL,
    enterprise BIGINT NOT NULL,
    confidential BIGINT NOT NULL,
    cycle BIGINT NOT NULL,
    unit TEXT,
    handler TEXT,
    class TEXT,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL,
    submitted_at_us BIGINT,
    accepted_at_us BIGINT,
    -- The first dispatch, the first signing and the first feedback of all.
    dispatched_at_us BIGINT,
    signed_at_us BIGINT,
    fed_back_at_us BIGINT,
    closed_at_us BIGINT,
    -- Of the newest cycle.
    close_deadline_us BIGINT,
    close_provisional BIGINT NOT NULL,
    next_due_us BIGINT,
    -- 1: after the limit; none while it has not happened.
    dispatched_late BIGINT,
    signed_late BIGINT,
    fed_back_late BIGINT,
    -- Of every cycle together.
    returns_asked BIGINT NOT NULL,
    returns_approved BIGINT NOT NULL,
    extensions_asked BIGINT NOT NULL,
    extensions_approved BIGINT NOT NULL,
    reworks BIGINT NOT NULL,
    reopened BIGINT NOT NULL,
    repeats BIGINT NOT NULL,
    -- How it ended before dispatch: the basis, the reason, the disposition, the line.
    ending TEXT,
    ending_code TEXT,
    master TEXT,
    exempt TEXT,
    closing TEXT,
    excluded BIGINT NOT NULL,
    -- The city's follow-up of the first and of the last cycle that has one.
    first_result TEXT,
    first_satisfaction TEXT,
    final_result TEXT,
    final_satisfaction TEXT,
    followed_at_us BIGINT,
    followed_mode TEXT,
    followed_reached BIGINT,
    agent_rating TEXT,
    UNIQUE (interaction, matter),
    UNIQUE (platform, external)
);

-- What the first schema held: drafts of calls, and orders that waited for dispatch. Every value put into the body is a
-- code, a number or an id, so nothing has to be escaped.
INSERT INTO ticket_2 (id, number, query_code, query_tries, version, body, sealed, caller_sealed, caller_tag, state,
    channel, interaction, matter, line, queue, agent, appellant_kind, appeal_type, category, urgency, region, flags,
    enterprise, confidential, cycle, created_at_us, updated_at_us, submitted_at_us, accepted_at_us, close_provisional,
    returns_asked, returns_approved, extensions_asked, extensions_approved, reworks, reopened, repeats, excluded)
SELECT id, number, query_code, 0, version,
    '{"id":"' || id || '","number":"' || number || '","state":"' || state || '","origin":{"channel":"phone"}'
    || ',"interaction":"' || interaction || '","matter":1'
    || ',"line":' || CASE WHEN line IS NULL THEN 'null' ELSE '"' || line || '"' END
    || ',"queue":"' || queue || '","agent":"' || agent || '"'
    || ',"recording":' || CASE WHEN recording IS NULL THEN 'null' ELSE '"' || recording || '"' END
    || ',"draft":{"appellant_kind":'
    || CASE WHEN appellant_kind IS NULL THEN 'null' ELSE '"' || appellant_kind || '"' END
    || ',"appeal_type":' || CASE WHEN appeal_type IS NULL THEN 'null' ELSE '"' || appeal_type || '"' END
    || ',"category":"' || COALESCE(category, '') || '","category_version":' || CAST(category_version AS TEXT)
    || ',"urgency":' || CASE WHEN urgency IS NULL THEN 'null' ELSE '"' || urgency || '"' END
    || ',"place":' || CASE WHEN place = 'at' THEN '{"at":{"region":"' || COALESCE(region, '') || '"}}'
        WHEN place = 'none' THEN '"none"' ELSE '"unset"' END
    || '},"version":' || CAST(version AS TEXT)
    || ',"created_at":' || CAST(created_at_us AS TEXT) || ',"updated_at":' || CAST(updated_at_us AS TEXT)
    || ',"submitted_at":' || COALESCE(CAST(submitted_at_us AS TEXT), 'null')
    || ',"accepted_at":' || COALESCE(CAST(submitted_at_us AS TEXT), 'null') || '}',
    draft_sealed, caller_sealed, caller_tag, state, 'phone', interaction, 1, line, queue, agent, appellant_kind,
    appeal_type, category, urgency, region, ',',
    CASE WHEN appellant_kind IN ('legal_person', 'organization') THEN 1 ELSE 0 END,
    0, 0, created_at_us, updated_at_us, submitted_at_us, submitted_at_us, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM ticket;

-- A command that was asked for with a key, so that its repetition is recognised.
CREATE TABLE ticket_command_key (
    ticket TEXT NOT NULL,
    command_key TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (ticket, command_key)
);
INSERT INTO ticket_command_key (ticket, command_key, version)
SELECT id, submit_key, version FROM ticket WHERE submit_key IS NOT NULL;

DROP TABLE ticket;
ALTER TABLE ticket_2 RENAME TO ticket;
CREATE INDEX ticket_created ON ticket (created_at_us, id);
CREATE INDEX ticket_agent ON ticket (agent, created_at_us) WHERE agent IS NOT NULL;
CREATE INDEX ticket_caller ON ticket (caller_tag, created_at_us) WHERE caller_tag IS NOT NULL;
CREATE INDEX ticket_contact ON ticket (contact_tag, created_at_us) WHERE contact_tag IS NOT NULL;
CREATE INDEX ticket_caller_last4 ON ticket (caller_last4_tag, created_at_us) WHERE caller_last4_tag IS NOT NULL;
CREATE INDEX ticket_contact_last4 ON ticket (contact_last4_tag, created_at_us) WHERE contact_last4_tag IS NOT NULL;
CREATE INDEX ticket_state ON ticket (state, created_at_us, id);
CREATE INDEX ticket_due ON ticket (close_deadline_us) WHERE close_deadline_us IS NOT NULL AND closed_at_us IS NULL;
CREATE INDEX ticket_accepted ON ticket (accepted_at_us) WHERE accepted_at_us IS NOT NULL;
CREATE INDEX ticket_closed ON ticket (closed_at_us) WHERE closed_at_us IS NOT NULL;
CREATE INDEX ticket_provisional ON ticket (id) WHERE close_provisional = 1;

-- One row a cycle: what ratios count.
CREATE TABLE ticket_cycle (
    ticket TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    unit TEXT,
    handler TEXT,
    basis TEXT,
    class TEXT,
    appeal_type TEXT,
    category TEXT,
    urgency TEXT,
    region TEXT,
    enterprise BIGINT NOT NULL,
    dispatched_at_us BIGINT,
    dispatch_deadline_us BIGINT,
    dispatched_late BIGINT,
    sign_deadline_us BIGINT,
    signed_at_us BIGINT,
    signed_late BIGINT,
    close_deadline_us BIGINT,
    close_first_deadline_us BIGINT,
    close_provisional BIGINT NOT NULL,
    fed_back_at_us BIGINT,
    fed_back_late BIGINT,
    reviewed_at_us BIGINT,
    sent_back BIGINT NOT NULL,
    first_result_deadline_us BIGINT,
    first_result_at_us BIGINT,
    contacted_at_us BIGINT,
    returns_asked BIGINT NOT NULL,
    returns_approved BIGINT NOT NULL,
    returns_refused BIGINT NOT NULL,
    extensions_asked BIGINT NOT NULL,
    extensions_approved BIGINT NOT NULL,
    co_units BIGINT NOT NULL,
    co_late BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    followed_at_us BIGINT,
    followed_mode TEXT,
    followed_reached BIGINT,
    result TEXT,
    satisfaction TEXT,
    county_result TEXT,
    county_satisfaction TEXT,
    verdict TEXT,
    excluded BIGINT NOT NULL,
    rework BIGINT NOT NULL,
    closed_at_us BIGINT,
    PRIMARY KEY (ticket, cycle)
);
CREATE INDEX ticket_cycle_dispatched ON ticket_cycle (dispatched_at_us) WHERE dispatched_at_us IS NOT NULL;
CREATE INDEX ticket_cycle_deadline ON ticket_cycle (close_deadline_us) WHERE close_deadline_us IS NOT NULL;
CREATE INDEX ticket_cycle_unit ON ticket_cycle (unit, dispatched_at_us) WHERE unit IS NOT NULL;

-- Returns, extensions and co-handling that were asked for.
CREATE TABLE ticket_request (
    ticket TEXT NOT NULL,
    no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    unit TEXT NOT NULL,
    sub BIGINT,
    reason TEXT,
    asked_at_us BIGINT NOT NULL,
    decided_at_us BIGINT,
    decided_late BIGINT NOT NULL,
    PRIMARY KEY (ticket, no)
);
CREATE INDEX ticket_request_asked ON ticket_request (asked_at_us);

-- 督办.
CREATE TABLE ticket_supervision (
    ticket TEXT NOT NULL,
    no BIGINT NOT NULL,
    cause TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    unit TEXT NOT NULL,
    automatic BIGINT NOT NULL,
    state TEXT NOT NULL,
    sent_at_us BIGINT NOT NULL,
    reply_deadline_us BIGINT,
    replied_at_us BIGINT,
    reply_late BIGINT,
    PRIMARY KEY (ticket, no)
);
CREATE INDEX ticket_supervision_unit ON ticket_supervision (unit, sent_at_us);

-- Running clocks that something is still to come of: a warning or the deadline.
CREATE TABLE ticket_clock (
    ticket TEXT NOT NULL,
    kind TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    deadline_us BIGINT,
    provisional BIGINT NOT NULL,
    -- When somebody may fire it: the instant it is due, or the end of a lease.
    next_us BIGINT NOT NULL,
    lease_node TEXT,
    PRIMARY KEY (ticket, kind, cycle, subject)
);
CREATE INDEX ticket_clock_next ON ticket_clock (next_us, due_us);
CREATE INDEX ticket_clock_provisional ON ticket_clock (ticket) WHERE provisional = 1;

-- Whose an order is: first, handler, co, secondary.
CREATE TABLE ticket_unit (
    ticket TEXT NOT NULL,
    organ TEXT NOT NULL,
    part TEXT NOT NULL,
    PRIMARY KEY (ticket, organ, part)
);
CREATE INDEX ticket_unit_organ ON ticket_unit (organ, ticket);

-- Who sees a confidential order.
CREATE TABLE ticket_circle (
    ticket TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (ticket, account)
);
CREATE INDEX ticket_circle_account ON ticket_circle (account, ticket);
