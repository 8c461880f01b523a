"""The switch: what stands in read.db and what stands in read.next.db change places, for one read model.

SQLite commits two files in WAL mode one after the other, so one transaction over both could be torn by a crash. So the
live rows are first set aside in read.next.db. Then the new ones come into read.db, rows and checkpoint in one
transaction, which is all that readers see; what was set aside takes their place. Cut off anywhere, it goes on there.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cqrs.read.projection import Projection
from cqrs.sql import transaction
from lab import books
from lab.stores import Stores

BOOKS = {"_checkpoint": "name", "_seen": "projection", "_parked": "projection"}
"""The tables in which a read model has rows beside its own table, with the column that names it."""


def is_begun(stores: Stores, n: int) -> bool:
    """Tell whether the switch of a line was begun, or even finished, before it was cut off."""
    return bool(stores.next.standing()) and abs(_mark(stores)) == n


def exchange(stores: Stores, projection: Projection, n: int) -> None:
    """Let the two change places; called again for the same line, it finishes what is left."""
    green, read, parts = stores.next.store().connection, stores.read.connection, _parts(projection.name)
    mark = _mark(stores) if n > 0 else 0
    if mark == n > 0:
        return
    if mark != -n or n <= 0:
        with _attached(green, stores.read_db.path), transaction(green):
            _remember_ids(stores, projection.name)
            _set_aside(green, parts)
            green.execute(f"PRAGMA user_version = {-n}")
    with transaction(green):
        for table, mine in parts:
            _replace(green, f'main."{table}"', f'main."_aside{table}"', mine)
            green.execute(f'DROP TABLE "_aside{table}"')
        green.execute(f"PRAGMA user_version = {n}")
        # The other connection sees read.next.db as it was before this transaction, which commits last.
        with _attached(read, stores.next.path), transaction(read):
            for table, mine in parts:
                _replace(read, f'main."{table}"', f'other."{table}"', mine)
            _keep_asleep(read, projection.name)


def is_replaced(stores: Stores, name: str, n: int) -> bool:
    """Tell whether a line put a read model in the place of the other before it was cut off."""
    return books.position_after(stores.read, name, n) is not None


def replace(stores: Stores, name: str, n: int) -> None:
    """Put what another text made in the place of what is read: its table may have other columns.

    That is one transaction in read.db. Its note of the line tells that it happened, as what is beside goes afterwards.
    """
    read, position = stores.read.connection, stores.next.checkpoints()[name].position
    with _attached(read, stores.next.path), transaction(read):
        asleep = "SELECT * FROM _checkpoint WHERE name = ? AND status = 'paused'"
        was_asleep = read.execute(asleep, (name,)).fetchone() is not None
        read.execute(f'DROP TABLE main."{name}"')
        made = "SELECT sql FROM other.sqlite_schema WHERE lower(tbl_name) = ? AND sql IS NOT NULL ORDER BY rowid"
        for (sql,) in read.execute(made, (name,)).fetchall():
            read.execute(sql)
        for table, mine in _parts(name):
            _replace(read, f'main."{table}"', f'other."{table}"', mine)
        if was_asleep:
            stores.read.set_status(name, "paused")
        if stores.settings.guards(name).dedupe == "on":
            for event in stores.write.events_after(0, position):
                books.remember(stores.read, name, event)
        books.note_line(stores.read, name, n, position)


def _parts(name: str) -> list[tuple[str, str]]:
    """Return what belongs to a read model: its table, and its rows in the bookkeeping."""
    return [(name, "true"), *((table, f"{column} = '{name}'") for table, column in BOOKS.items())]


def _set_aside(green: sqlite3.Connection, parts: list[tuple[str, str]]) -> None:
    for table, mine in parts:
        green.execute(f'DROP TABLE IF EXISTS "_aside{table}"')
        green.execute(f'CREATE TABLE "_aside{table}" AS SELECT * FROM other."{table}" WHERE {mine}')


def _replace(connection: sqlite3.Connection, table: str, source: str, mine: str) -> None:
    connection.execute(f"DELETE FROM {table} WHERE {mine}")
    connection.execute(f"INSERT INTO {table} SELECT * FROM {source} WHERE {mine}")


def _keep_asleep(read: sqlite3.Connection, name: str) -> None:
    """Whether the projection sleeps is not the rows' affair: it stays as the learner left it."""
    asleep = read.execute("SELECT status = 'paused' FROM other._aside_checkpoint").fetchone()[0]
    if asleep:
        read.execute("UPDATE _checkpoint SET status = 'paused', reason = NULL WHERE name = ?", (name,))
    else:
        read.execute("UPDATE _checkpoint SET status = 'running' WHERE name = ? AND status = 'paused'", (name,))


def _remember_ids(stores: Stores, name: str) -> None:
    """Where a projection knows events by their ids, the new one has to know those that it was filled from."""
    green = stores.next.store()
    if stores.settings.guards(name).dedupe == "on" and stores.next.standing()[name]["stage"] == "filling":
        for event in stores.write.events_after(0, green.position(name)):
            books.remember(green, name, event)


def _mark(stores: Stores) -> int:
    """Return the line that last switched, negative while it is under way."""
    n: int = stores.next.store().connection.execute("PRAGMA user_version").fetchone()[0]
    return n


@contextmanager
def _attached(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Attach the other file read-only, or BEGIN IMMEDIATE would want its write lock too."""
    connection.execute("ATTACH ? AS other", (f"{path.absolute().as_uri()}?mode=ro",))
    try:
        yield
    finally:
        connection.execute("DETACH other")
