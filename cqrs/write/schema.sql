-- The write store: normal form, each fact in one place, and the shop's rules held a second time by CHECKs.

CREATE TABLE customers (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    email   TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE products (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents > 0),
    version     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE stock (
    product_id TEXT PRIMARY KEY REFERENCES products (id),
    on_hand    INTEGER NOT NULL CHECK (on_hand >= 0)
) WITHOUT ROWID;

-- An order keeps the customer's name, and its lines the product's name and price, as they were that day.
CREATE TABLE orders (
    id            TEXT PRIMARY KEY,
    customer_id   TEXT NOT NULL REFERENCES customers (id),
    customer_name TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('placed', 'shipped', 'cancelled')),
    placed_on     TEXT NOT NULL,
    version       INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE order_lines (
    order_id         TEXT NOT NULL REFERENCES orders (id),
    product_id       TEXT NOT NULL REFERENCES products (id),
    name             TEXT NOT NULL,
    qty              INTEGER NOT NULL CHECK (qty > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents > 0),
    PRIMARY KEY (order_id, product_id)
) WITHOUT ROWID;

-- The event log. It commits with the change it tells of; each hash covers the event and the hash before it.
CREATE TABLE events (
    position       INTEGER PRIMARY KEY,
    event_id       TEXT NOT NULL UNIQUE,
    type           TEXT NOT NULL,
    stream         TEXT NOT NULL,
    stream_version INTEGER NOT NULL,
    payload        TEXT NOT NULL,
    recorded_at    TEXT NOT NULL,
    command_id     TEXT NOT NULL,
    hash           TEXT NOT NULL,
    UNIQUE (stream, stream_version)
);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'an event is a fact: it is never changed'); END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'an event is a fact: it is never deleted'); END;

-- Every command that was decided, with its answer: sent again, it gets this answer again.
CREATE TABLE commands (
    command_id  TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    args        TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused')),
    reason      TEXT,
    position    INTEGER REFERENCES events (position),
    recorded_at TEXT NOT NULL
) WITHOUT ROWID;
