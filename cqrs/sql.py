"""What both sides need of SQLite: opening a file the same way everywhere, and reading .sql files."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

BUSY_SECONDS = 5.0


def connect(path: Path, *, synchronous: Literal["NORMAL", "FULL", "OFF"] = "NORMAL") -> sqlite3.Connection:
    """Open a store for reading and writing, in WAL mode, with foreign keys on and no hidden transactions."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    _use_wal(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    # Without it a REPLACE would delete a row and no trigger would notice.
    connection.execute("PRAGMA recursive_triggers = ON")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for this lock, but it does wait for that of a transaction."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError:
        with transaction(connection):
            pass
        connection.execute("PRAGMA journal_mode = WAL")


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a store so that SQLite itself refuses to change it."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock from the first statement to the commit; any exception undoes everything.

    IMMEDIATE matters: a transaction that begins by reading and writes later fails as soon as
    another writer got in between, however long it would be willing to wait.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def statements(script: str) -> Iterator[str]:
    """Split an SQL script into its statements, so that they can run inside a transaction.

    ``sqlite3.executescript`` would commit whatever transaction is open.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        for piece in re.split("(?<=;)", line):
            if not statement and (not piece.strip() or piece.lstrip().startswith("--")):
                break
            statement = (statement + piece).lstrip()
            if sqlite3.complete_statement(statement):
                yield statement.strip()
                statement = ""
    if statement.strip():
        yield statement.strip()
