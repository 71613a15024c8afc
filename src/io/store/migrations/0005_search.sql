-- The search index over sealed texts. Tags are keyed hashes of character pairs; no text stands here.

-- One row: the numbers given so far. Who indexes holds it until his commit, so numbers follow the order of commits.
CREATE TABLE search_head (
    id BIGINT PRIMARY KEY,
    docs BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
INSERT INTO search_head (id, docs, seq) VALUES (1, 0, 0);

-- One row: segments below `folded` have been folded; who folds now, and until when he may.
CREATE TABLE search_fold (
    id BIGINT PRIMARY KEY,
    folded BIGINT NOT NULL,
    holder TEXT NOT NULL,
    until_us BIGINT NOT NULL
);
INSERT INTO search_fold (id, folded, holder, until_us) VALUES (1, 0, '', 0);

-- A number without an order belongs to one that has left the index.
CREATE TABLE search_doc (
    doc BIGINT PRIMARY KEY,
    ticket TEXT UNIQUE
);

-- What was indexed lately, one row per write: the tags as base64 of 8 bytes each, ascending.
CREATE TABLE search_tail (
    seq BIGINT PRIMARY KEY,
    doc BIGINT NOT NULL,
    tags TEXT NOT NULL
);
CREATE INDEX search_tail_doc ON search_tail (doc, seq);

-- Which documents of a segment have a tag: base64 of the gaps as variable-length bytes.
CREATE TABLE search_posting (
    tag BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    docs TEXT NOT NULL,
    PRIMARY KEY (tag, segment)
);

-- Orders that a new appeal may repeat.
CREATE INDEX ticket_matter ON ticket (category, region, created_at_us) WHERE category IS NOT NULL;
