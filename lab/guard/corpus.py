"""Hostile SQL: the rows of a file, and the two stores that they are tried on. See ``lab.guard.ordeal``."""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

WRITE = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL, payload TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT NOT NULL, price INTEGER NOT NULL, stock INTEGER NOT NULL);
CREATE TABLE commands (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE _secret (v TEXT NOT NULL);
INSERT INTO _secret VALUES ('s3cret');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO products SELECT 'sku-' || i, iif(i % 2, 'red', 'blue') || ' thing ' || i, i * 10, i FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO events
SELECT i, 'order-' || (i % 3000), 1 + i / 3000, 'OrderPlaced',
       json_object('order_id', 'o-' || i, 'customer', 'customer ' || (i % 97), 'sku', 'sku-' || (i % 200), 'qty', i % 7,
                   'a', json_array(i)), '2026-03-02T09:00:00Z'
FROM n;
INSERT INTO commands SELECT 'c-' || seq, 'place_order' FROM events;
"""

READ = """
CREATE TABLE order_summary (order_id TEXT PRIMARY KEY, customer TEXT, total INTEGER, status TEXT, at TEXT);
CREATE TABLE _checkpoint (name TEXT PRIMARY KEY, position INTEGER NOT NULL);
INSERT INTO _checkpoint VALUES ('orders', 5000);
CREATE VIRTUAL TABLE product_search USING fts5 (sku, name);
CREATE VIEW big_orders AS SELECT * FROM order_summary WHERE total > 900;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO order_summary SELECT 'o-' || i, 'customer ' || (i % 97), i % 1000, 'placed', '2026-03-02T09:00:00Z' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO product_search SELECT 'sku-' || i, iif(i % 2, 'red', 'blue') || ' thing ' || i FROM n;
"""


PARAMETERS: dict[str, Any] = {
    "event_id": "e-1",
    "order_id": "o-5001",
    "customer": "customer 1",
    "sku": "sku-1",
    "qty": 2,
    "total": 500,
    "status": "placed",
    "at": "2026-03-02T09:00:00Z",
    "payload": '{"order_id": "o-5001", "sku": "sku-1", "qty": 2, "a": [1]}',
}
"""The fields of the event that the statements of a projection are tried with."""

OWN = ("order_summary",)
"""The table that the projection had made before."""

STEP = " ;; "
COLUMNS = ("id", "kind", "sql", "expected", "note")
NEEDED = COLUMNS[:4]
MOST_CHARS = 50_000_000
"""So long may a statement be, written out. What the guard takes is far shorter."""
KINDS = ("readonly", "projection")
VERDICTS = ("ok", "denied", "limit", "timeout")


class NoCorpus(ValueError):
    """A file is not of the form of a corpus: the message says where."""


class Row(NamedTuple):
    """One attempt, and the ways in which it may end: ok, denied, limit, timeout."""

    id: str
    kind: str
    steps: tuple[str, ...]
    expected: tuple[str, ...]


def rows(file: Path) -> Iterator[Row]:
    """Read the rows of a corpus. Raise NoCorpus.

    It is a file whose first line names the columns; without that line they are id, kind, sql, expected and note. Lines
    that begin with # are comments.
    """
    try:
        # Statements may hold characters that Python, but nobody else, takes for the end of a line.
        lines = [line.removesuffix("\r") for line in file.read_bytes().decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError as problem:
        raise NoCorpus(f"it is not UTF-8 at byte {problem.start}") from None
    told = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not told:
        raise NoCorpus("it is empty")
    header = list(COLUMNS)
    if told[0][1][1:2] not in [[kind] for kind in KINDS]:
        number, header = told.pop(0)
        if missing := [name for name in NEEDED if name not in header]:
            begin = f"it should begin, with a tab between two: {' '.join(NEEDED)}"
            raise NoCorpus(f"line {number} does not name the column {missing[0]}; {begin}")
    for number, cells in told:
        yield _row(number, header, cells)


def _row(number: int, header: list[str], cells: list[str]) -> Row:
    named = dict(zip(header, cells, strict=False))
    if missing := [name for name in NEEDED if name not in named]:
        raise NoCorpus(f"line {number} ends before the column {missing[0]}; a tab stands between two columns")
    if len(cells) > len(header):
        raise NoCorpus(f"line {number} has more columns than line 1; a tab in a statement would look like that")
    expected = tuple(verdict.strip() for verdict in named["expected"].split("|"))
    if named["kind"] not in KINDS:
        raise NoCorpus(f"line {number}: the kind is {' or '.join(KINDS)}, not {named['kind']!r}")
    if unknown := [verdict for verdict in expected if verdict not in VERDICTS]:
        raise NoCorpus(f"line {number}: what is expected is one or more of {'|'.join(VERDICTS)}, not {unknown[0]!r}")
    if (size := _size(named["sql"])) > MOST_CHARS:
        raise NoCorpus(f"line {number} has {size:,} characters when it is written out; {MOST_CHARS:,} are enough")
    sql = written_out(named["sql"])
    return Row(
        named["id"], named["kind"], tuple(sql.split(STEP)) if named["kind"] == "projection" else (sql,), expected
    )


REPEATED = re.compile(r"<<(.*?)\|(\d{1,15})>>")


def _size(text: str) -> int:
    """Return about how long a text becomes that is written out."""
    return len(text) + sum(len(found[1]) * int(found[2]) for found in REPEATED.finditer(text))


def written_out(text: str) -> str:
    """Write out the repetitions and the characters that a line of a file cannot hold."""
    text = REPEATED.sub(lambda found: found[1] * int(found[2]), text)
    return text.replace("{{NL}}", "\n").replace("{{NUL}}", "\0").replace("{{ZW}}", "\u200b")


def build(folder: Path) -> dict[str, Path]:
    """Make the two stores that the corpus speaks of."""
    files = {"main": folder / "write.db", "read": folder / "read.db"}
    for path, script in zip(files.values(), (WRITE, READ), strict=True):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(script)
    return files


def dump(files: dict[str, Path]) -> str:
    """Return one hash over everything in the stores: the bytes of every page, or all rows where SQLite cannot tell."""
    digest = hashlib.sha256()
    for path in files.values():
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            for piece in [connection.serialize()] if hasattr(connection, "serialize") else _lines(connection):
                digest.update(piece)
    return digest.hexdigest()


def _lines(connection: sqlite3.Connection) -> Iterator[bytes]:
    return (line.encode() for line in connection.iterdump())
