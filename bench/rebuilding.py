"""B5 and B6: all five read models made again from a long mixed log, event by event and set-based."""

import hashlib
import sqlite3
from functools import cache
from pathlib import Path

from bench.instrument import Measure, Stopwatch, lasting_folder
from bench.shop import open_shop, record_history
from cqrs.read.projection import built_in
from cqrs.read.projector import catch_up
from cqrs.read.store import ReadStore
from cqrs.sql import connect, transaction
from cqrs.write.store import WriteStore

EVENTS = 100_000
BATCH = 1_000
DIGESTS: set[str] = set()


def rebuild_by_projector(folder: Path) -> float:
    """Return events a second that the ordinary projector applies to all five read models."""
    log, read = WriteStore(_log()), ReadStore(folder / "read.db")
    projections = built_in().values()
    for projection in projections:
        read.add(projection)
    watch = Stopwatch()
    with watch():
        while catch_up(read, projections, log.events_after, BATCH):
            pass
    DIGESTS.add(_digest(read.connection))
    read.close()
    log.close()
    return EVENTS / watch.seconds


def rebuild_set_based(folder: Path) -> float:
    """Return events a second that the rebuild blocks apply, to the very rows of the ordinary projector."""
    read = ReadStore(folder / "read.db")
    watch = Stopwatch()
    with watch():
        for projection in built_in().values():
            read.rebuild_at_once(projection, _log())
    DIGESTS.add(_digest(read.connection))
    assert len(DIGESTS) == 1, "set-based and event by event differ"
    read.close()
    return EVENTS / watch.seconds


def raw_inserts(folder: Path) -> float:
    """Return rows of the same log a second, straight into the same table."""
    source = connect(_log())
    rows = source.execute("SELECT * FROM events ORDER BY position").fetchall()
    table = source.execute("SELECT sql FROM sqlite_schema WHERE name = 'events'").fetchone()[0]
    source.close()
    connection = connect(folder / "raw.db")
    connection.execute(table)
    insert = f"INSERT INTO events VALUES ({', '.join('?' * len(rows[0]))})"
    watch = Stopwatch()
    with watch():
        for first in range(0, EVENTS, BATCH):
            with transaction(connection):
                connection.executemany(insert, rows[first : first + BATCH])
    connection.close()
    return EVENTS / watch.seconds


@cache
def _log() -> Path:
    path = lasting_folder() / "write.db"
    store = open_shop(path)
    record_history(store, EVENTS)
    store.close()
    return path


def _digest(connection: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    for projection in built_in().values():
        order = ", ".join(projection.key)
        for row in connection.execute(f'SELECT * FROM "{projection.name}" ORDER BY {order}'):
            digest.update(repr(row).encode())
    return digest.hexdigest()


MEASURES = (
    Measure("B5", "rebuild event by event ÷ raw rows", "at-least", 0.16, rebuild_by_projector, raw_inserts),
    Measure("B6", "rebuild set-based ÷ raw rows", "at-least", 0.5, rebuild_set_based, raw_inserts),
)
