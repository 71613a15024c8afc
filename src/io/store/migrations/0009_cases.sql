-- 重点督办 cases (DB1302/T 604—2025 7.8.2): the case without its words in `body`, its words in `sealed`; every other column
-- and row is derived from it.
CREATE TABLE key_case (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    sealed TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    submitted_at_us BIGINT NOT NULL,
    -- When the round's limit passes; none when nothing is to come of it.
    due_us BIGINT
);
CREATE INDEX key_case_submitted ON key_case (submitted_at_us, id);
CREATE INDEX key_case_due ON key_case (due_us) WHERE due_us IS NOT NULL;

CREATE TABLE key_case_order (
    case_id TEXT NOT NULL,
    ticket TEXT NOT NULL,
    PRIMARY KEY (case_id, ticket)
);
CREATE INDEX key_case_order_ticket ON key_case_order (ticket);

CREATE TABLE key_case_unit (
    case_id TEXT NOT NULL,
    organ TEXT NOT NULL,
    PRIMARY KEY (case_id, organ)
);
CREATE INDEX key_case_unit_organ ON key_case_unit (organ, case_id);

-- What was asked for already: by a person who submits, or of a case.
CREATE TABLE key_case_key (
    scope TEXT NOT NULL,
    command_key TEXT NOT NULL,
    case_id TEXT NOT NULL,
    PRIMARY KEY (scope, command_key)
);

-- What cases are proposed from, beside the orders themselves.
CREATE INDEX ticket_cycle_reworked ON ticket_cycle (ticket) WHERE rework = 1;
CREATE INDEX ticket_supervision_state ON ticket_supervision (state, ticket);

-- Routing rules that a fixed responsibility proposes (B.5), one an order.
CREATE TABLE rule_proposal (
    ticket TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    region TEXT,
    unit TEXT NOT NULL,
    state TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at_us BIGINT NOT NULL,
    decided_by TEXT,
    decided_at_us BIGINT,
    -- The version of the rules that has it.
    rules_version BIGINT
);
CREATE INDEX rule_proposal_at ON rule_proposal (proposed_at_us, ticket);
