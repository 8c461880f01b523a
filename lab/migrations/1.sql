-- lab.db: what happened in a sandbox. It is never part of the shop. Measured times are whole microseconds since 1970.

-- One row an action line, committed before it acts; its outcome follows. Lines up to 0 set the sandbox up.
CREATE TABLE journal (
    n           INTEGER PRIMARY KEY,
    at          TEXT NOT NULL,
    origin      TEXT NOT NULL CHECK (origin IN ('setup', 'learner', 'projector', 'traffic')),
    line        TEXT NOT NULL,
    target      TEXT,
    outcome     TEXT CHECK (outcome IN ('accepted', 'refused', 'done', 'failed')),
    reason      TEXT,
    position    INTEGER,
    answered_at TEXT
);

-- What was read, and as of when: the customer's page is the newest row of these.
CREATE TABLE queries (
    n      INTEGER PRIMARY KEY REFERENCES journal (n),
    at     TEXT NOT NULL,
    model  TEXT NOT NULL,
    key    TEXT,
    via    TEXT NOT NULL,
    as_of  INTEGER NOT NULL,
    head   INTEGER NOT NULL,
    waited INTEGER NOT NULL,
    result TEXT NOT NULL
);

-- Where the head and each projection stood after every action.
CREATE TABLE samples (
    id        INTEGER PRIMARY KEY,
    n         INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    head      INTEGER NOT NULL,
    positions TEXT NOT NULL
);

CREATE INDEX samples_at ON samples (at);

CREATE VIEW lag AS
SELECT samples.n, samples.at, model.key AS projection, head, model.value AS position, head - model.value AS behind
FROM samples, json_each(positions) AS model;

-- When the command of an event was received, and when it had committed.
CREATE TABLE trace (
    position     INTEGER PRIMARY KEY,
    received_at  INTEGER NOT NULL,
    committed_at INTEGER NOT NULL
);

-- When a projector picked up a batch of events, and when it had applied them.
CREATE TABLE applied (
    projection    TEXT NOT NULL,
    to_position   INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    picked_up_at  INTEGER NOT NULL,
    applied_at    INTEGER NOT NULL,
    PRIMARY KEY (projection, to_position)
) WITHOUT ROWID;

CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
