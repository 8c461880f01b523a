"""Canaries: a few statements whose end is known, tried at the start on the SQLite that is really here.

Versions and builds of SQLite differ in what they ask an authorizer, and in the functions that they bring. If one of
these ends otherwise, people's SQL is not run at all.
"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from lab.guard import policy
from lab.guard.looking import read
from lab.guard.messages import Read, Refused, Steps, Trusted
from lab.guard.projecting import steps

TRIES = 3

STORE = """
CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT);
INSERT INTO t VALUES (1, 'one'), (2, 'two');
CREATE TABLE _secret (v TEXT);
CREATE VIRTUAL TABLE words USING fts5 (word);
INSERT INTO words VALUES ('lamp');
"""

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"


class Canary(NamedTuple):
    """A statement, and how it ends: 'rows' or 'done', 'error', 'limit', 'late'."""

    sql: str
    ends: str


LOOKING = (
    Canary("SELECT word, value FROM words, json_each('[1]') WHERE words MATCH 'lamp'", "rows"),
    Canary("SELECT hex(fts3_tokenizer('simple'))", "error"),
    Canary("SELECT load_extension('x')", "error"),
    Canary("CREATE VIRTUAL TABLE temp.x USING fts3 (a)", "error"),
    Canary("PRAGMA hard_heap_limit = 0", "error"),
    Canary("ATTACH ':memory:' AS m", "error"),
    Canary("SELECT v FROM _secret", "error"),
    Canary("SELECT 1 FROM pragma_database_list", "error"),
    Canary("DELETE FROM t", "error"),
    Canary("SELECT 1; SELECT 2", "error"),
    Canary("SELECT zeroblob(1000000000)", "limit"),
)

CHANGING = (
    Canary("INSERT INTO t VALUES (3, :v) ON CONFLICT (k) DO UPDATE SET v = excluded.v", "done"),
    Canary("COMMIT", "error"),
    Canary("CREATE TABLE x (a DEFAULT (random()))", "error"),
    Canary("INSERT INTO t VALUES (random(), 'x')", "error"),
    Canary("INSERT OR ROLLBACK INTO t VALUES (1, 'x')", "error"),
    Canary("INSERT INTO _secret VALUES ('x')", "error"),
    Canary(f"DELETE FROM t WHERE k IN ({ENDLESS} SELECT i FROM n)", "late"),
)


def sing() -> Trusted:
    """Try every canary, and say which one ended otherwise, if any did."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(STORE)
            heap = connection.execute("PRAGMA hard_heap_limit").fetchone()
        if heap != (policy.HEAP_BYTES,):
            return Trusted("its memory has no limit")
        fallen = next((canary for canary in (*LOOKING, *CHANGING) if not _sings(str(file), canary)), None)
    return Trusted(None if fallen is None else f"{fallen.sql!r} should end with '{fallen.ends}'")


def _sings(file: str, canary: Canary) -> bool:
    # A machine that is busy may make one of them late.
    return any(_end(file, canary) == canary.ends for _ in range(TRIES))


def _end(file: str, canary: Canary) -> str:
    if canary in LOOKING:
        return next(read(Read({"main": file}, (canary.sql,), policy.ROWS))).kind
    ended = steps(Steps(file, (canary.sql,), {"v": "x"}, ("t",)))
    return "refused" if isinstance(ended, Refused) else ended.kind
