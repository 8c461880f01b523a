"""The read store: one table a read model, and the checkpoint of each, in one file.

Everything in read.db can be made again from the event log, so the file may be deleted at any time.
"""

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cqrs.migrations import Migration, Migrations
from cqrs.read.projection import Projection
from cqrs.sql import connect, transaction

MIGRATIONS = Migrations(
    Migration(
        version=1,
        name="the checkpoints",
        up=Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"),
        down="DROP TABLE _checkpoint;",
    )
)


class Checkpoint(NamedTuple):
    """How far a projection has read, and whether it goes on."""

    name: str
    position: int
    status: Literal["running", "paused", "stopped"]
    reason: str | None


class ReadStore:
    """One connection to read.db, for the projector: the only writer on this side."""

    def __init__(self, path: Path, *, synchronous: Literal["NORMAL", "OFF"] = "NORMAL") -> None:
        self.connection = connect(path, synchronous=synchronous)
        MIGRATIONS.migrate(self.connection)

    def close(self) -> None:
        self.connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Open the transaction in which rows and checkpoint change together."""
        return transaction(self.connection)

    def run(self, sql: str, parameters: dict[str, Any]) -> None:
        """Run one statement of a projection with an event's fields as its parameters."""
        self.connection.execute(sql, parameters)

    # Read models

    def add(self, projection: Projection, *, position: int = 0) -> None:
        """Create a read model's empty table, with its checkpoint at a position of the log."""
        with self.transaction():
            self._create(projection, position)

    def drop(self, projection: Projection) -> None:
        """Drop a read model's table and its checkpoint."""
        with self.transaction():
            self._drop(projection)

    def empty(self, projection: Projection) -> None:
        """Begin a rebuild: the table empty again, the checkpoint before the first event."""
        with self.transaction():
            self._drop(projection)
            self._create(projection, position=0)

    def rebuild_at_once(self, projection: Projection, log: Path) -> None:
        """Fill a read model from the whole log by its ``-- rebuild`` block, in one transaction."""
        self.connection.execute("ATTACH ? AS log", (f"{log.absolute().as_uri()}?mode=ro",))
        try:
            with self.transaction():
                head = self.connection.execute("SELECT coalesce(max(position), 0) FROM log.events").fetchone()[0]
                self._drop(projection)
                self._create(projection, position=head)
                for statement in projection.rebuild:
                    self.run(statement, {"head": head})
        finally:
            self.connection.execute("DETACH log")

    def _create(self, projection: Projection, position: int) -> None:
        for statement in projection.create:
            self.connection.execute(statement)
        self.connection.execute("INSERT INTO _checkpoint VALUES (?, ?, 'running', NULL)", (projection.name, position))

    def _drop(self, projection: Projection) -> None:
        self.connection.execute(f'DROP TABLE IF EXISTS "{projection.name}"')
        self.connection.execute("DELETE FROM _checkpoint WHERE name = ?", (projection.name,))

    # Checkpoints

    def checkpoints(self) -> list[Checkpoint]:
        """Return every checkpoint, by name."""
        return [Checkpoint(*row) for row in self.connection.execute("SELECT * FROM _checkpoint ORDER BY name")]

    def position(self, name: str) -> int:
        """Return how far a projection has read."""
        row = self.connection.execute("SELECT position FROM _checkpoint WHERE name = ?", (name,)).fetchone()
        position: int = row[0]
        return position

    def move_checkpoint(self, name: str, position: int) -> None:
        """Note that a projection has applied every event up to a position."""
        self.connection.execute("UPDATE _checkpoint SET position = ? WHERE name = ?", (position, name))

    def set_status(self, name: str, status: str, reason: str | None = None) -> None:
        """Let a projection run, pause it, or stop it with the reason why it cannot go on."""
        self.connection.execute("UPDATE _checkpoint SET status = ?, reason = ? WHERE name = ?", (status, reason, name))


def missing(error: sqlite3.DatabaseError) -> bool:
    """Tell whether an error means that the file is not the store it was, so that it must be made again."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
