-- The last answer that each store gave to a question in SQL, so that it is still there when one comes back to it.

CREATE TABLE answers (
    store   TEXT PRIMARY KEY CHECK (store IN ('write', 'read')),
    n       INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    result  TEXT NOT NULL
);
