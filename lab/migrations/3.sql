-- What a customer's page cost, each time that it was measured: from the write tables (crud), from them with indexes
-- (crud+index), or from the read model. A unit of work is ten steps of SQLite's machine, the same every time.

CREATE TABLE measures (
    n        INTEGER PRIMARY KEY,
    name     TEXT NOT NULL CHECK (name IN ('crud', 'crud+index', 'read_model')),
    customer TEXT NOT NULL,
    orders   INTEGER NOT NULL,
    work     INTEGER NOT NULL,
    took_us  INTEGER NOT NULL
);
