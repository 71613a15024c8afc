-- Calls of ours beside calls to us; what became of every answered call, and how each day ended.

ALTER TABLE interaction ADD COLUMN direction TEXT NOT NULL DEFAULT 'inbound';
ALTER TABLE interaction ADD COLUMN purpose TEXT;

-- An offer of a call that an agent makes comes from no queue.
CREATE TABLE offer_any (
    id TEXT PRIMARY KEY,
    interaction TEXT NOT NULL,
    agent TEXT NOT NULL,
    queue TEXT,
    offered_at_us BIGINT NOT NULL,
    outcome TEXT,
    lasted_ms BIGINT NOT NULL
);
INSERT INTO offer_any (id, interaction, agent, queue, offered_at_us, outcome, lasted_ms)
    SELECT id, interaction, agent, queue, offered_at_us, outcome, lasted_ms FROM offer;
DROP TABLE offer;
ALTER TABLE offer_any RENAME TO offer;
CREATE INDEX offer_interaction ON offer (interaction);

-- How a closed day ended: one row a day, written by the program once.
CREATE TABLE day_close (
    day TEXT PRIMARY KEY,
    closed_at_us BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    undisposed BIGINT NOT NULL,
    sums TEXT NOT NULL
);
