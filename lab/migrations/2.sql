-- A line can also end because a projection stopped or died, and what befell events is kept.

CREATE TABLE journal_2 (
    n           INTEGER PRIMARY KEY,
    at          TEXT NOT NULL,
    origin      TEXT NOT NULL CHECK (origin IN ('setup', 'learner', 'projector', 'traffic')),
    line        TEXT NOT NULL,
    target      TEXT,
    outcome     TEXT CHECK (outcome IN ('accepted', 'refused', 'done', 'failed', 'stopped', 'crashed')),
    reason      TEXT,
    position    INTEGER,
    answered_at TEXT
);

CREATE TABLE queries_2 (
    n      INTEGER PRIMARY KEY REFERENCES journal_2 (n),
    at     TEXT NOT NULL,
    model  TEXT NOT NULL,
    key    TEXT,
    via    TEXT NOT NULL,
    as_of  INTEGER NOT NULL,
    head   INTEGER NOT NULL,
    waited INTEGER NOT NULL,
    result TEXT NOT NULL
);

INSERT INTO journal_2 SELECT * FROM journal;
INSERT INTO queries_2 SELECT * FROM queries;
DROP TABLE queries;
DROP TABLE journal;
ALTER TABLE journal_2 RENAME TO journal;
ALTER TABLE queries_2 RENAME TO queries;

-- What befell the events from first to last on their way to a read model; kept tells whether their rows had committed.
CREATE TABLE incidents (
    id         INTEGER PRIMARY KEY,
    n          INTEGER NOT NULL,
    projection TEXT NOT NULL,
    what       TEXT NOT NULL,
    first      INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    point      TEXT,
    kept       INTEGER NOT NULL,
    detail     TEXT
);

-- What an action found out, if that is more than a line: the tables of a comparison, a difference between two moments.
CREATE TABLE results (
    n      INTEGER PRIMARY KEY,
    result TEXT NOT NULL
);
