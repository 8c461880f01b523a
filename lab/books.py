"""The laboratory's own bookkeeping in read.db: which events a projection remembers, and which are parked.

It stands beside the rows, so that it commits with them. Names begin with an underscore, as ``_checkpoint`` does.
"""

from collections import Counter
from typing import NamedTuple

from cqrs.events import RecordedEvent
from cqrs.read.store import ReadStore
from cqrs.sql import statements

TABLES = """
CREATE TABLE IF NOT EXISTS _seen (
    projection TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    PRIMARY KEY (projection, event_id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS _parked (
    projection TEXT NOT NULL,
    position   INTEGER NOT NULL,
    stream     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    resolved   INTEGER NOT NULL,
    PRIMARY KEY (projection, position)
) WITHOUT ROWID;

-- The last line whose rows a projection committed: a line that is done again after a crash does not repeat them.
CREATE TABLE IF NOT EXISTS _lines (
    projection TEXT PRIMARY KEY,
    n          INTEGER NOT NULL,
    position   INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Parked(NamedTuple):
    """An event set aside: why, and whether it has been applied since (or the read model built again)."""

    projection: str
    position: int
    stream: str
    reason: str
    resolved: int


def open_books(store: ReadStore) -> None:
    """Make the tables of the bookkeeping, where they are missing."""
    for statement in statements(TABLES):
        store.connection.execute(statement)


def remembers(store: ReadStore, projection: str, event: RecordedEvent) -> bool:
    """Tell whether a projection remembers having applied an event."""
    found = store.connection.execute(
        "SELECT 1 FROM _seen WHERE projection = ? AND event_id = ?", (projection, event.event_id)
    )
    return found.fetchone() is not None


def remember(store: ReadStore, projection: str, event: RecordedEvent) -> None:
    """Remember an event as applied."""
    store.connection.execute("INSERT OR IGNORE INTO _seen VALUES (?, ?)", (projection, event.event_id))


def park(store: ReadStore, projection: str, event: RecordedEvent, reason: str) -> None:
    """Set an event aside."""
    store.connection.execute(
        "INSERT OR REPLACE INTO _parked VALUES (?, ?, ?, ?, 0)", (projection, event.position, event.stream, reason)
    )


def resolve(store: ReadStore, projection: str, position: int) -> None:
    """Note that a parked event has been applied."""
    store.connection.execute(
        "UPDATE _parked SET resolved = 1 WHERE projection = ? AND position = ?", (projection, position)
    )


def parked(store: ReadStore, projection: str) -> list[Parked]:
    """Return the events of a projection that are still set aside, in order."""
    rows = store.connection.execute(
        "SELECT * FROM _parked WHERE projection = ? AND NOT resolved ORDER BY position", (projection,)
    )
    return [Parked(*row) for row in rows]


def how_many_parked(store: ReadStore) -> Counter[str]:
    """Return how many events are still set aside, by projection."""
    rows = store.connection.execute("SELECT projection, count(*) FROM _parked WHERE NOT resolved GROUP BY projection")
    return Counter(dict(rows))


def held_behind(store: ReadStore, projection: str, stream: str) -> int | None:
    """Return the position of the first parked event of a stream: what follows it has to wait. None if there is none."""
    found: int | None = store.connection.execute(
        "SELECT min(position) FROM _parked WHERE projection = ? AND stream = ? AND NOT resolved", (projection, stream)
    ).fetchone()[0]
    return found


def position_after(store: ReadStore, projection: str, n: int) -> int | None:
    """Return how far a line had come whose rows were committed; None if they were not."""
    row = store.connection.execute(
        "SELECT position FROM _lines WHERE projection = ? AND n = ?", (projection, n)
    ).fetchone()
    return row[0] if row else None


def note_line(store: ReadStore, projection: str, n: int, position: int) -> None:
    """Note which line's rows are being committed, and how far it came."""
    store.connection.execute("INSERT OR REPLACE INTO _lines VALUES (?, ?, ?)", (projection, n, position))


def begin_again(store: ReadStore, projection: str) -> None:
    """Forget what a read model had seen, because it is made anew; what was parked will come again."""
    with store.transaction():
        store.connection.execute("DELETE FROM _seen WHERE projection = ?", (projection,))
        store.connection.execute("DELETE FROM _lines WHERE projection = ?", (projection,))
        store.connection.execute("UPDATE _parked SET resolved = 1 WHERE projection = ?", (projection,))
