-- The read store's own bookkeeping. Each read model brings its table in its projection file.

CREATE TABLE _checkpoint (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    status   TEXT NOT NULL CHECK (status IN ('running', 'paused', 'stopped')),
    reason   TEXT
) WITHOUT ROWID;
