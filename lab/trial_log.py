"""The log that a read model is tried on: the events of a write.db, which is opened read-only."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cqrs.events import RecordedEvent
from cqrs.sql import connect_read_only
from lab.reissue import Accepted, accepted_in


@dataclass(frozen=True, slots=True)
class Log:
    """Where a log lies, the events that it had when the trial began, and the commands that led to them."""

    path: Path
    events: tuple[RecordedEvent, ...]
    commands: tuple[Accepted, ...]

    @classmethod
    def read(cls, path: Path, upto: int = -1) -> "Log":
        """Read a log, all of it or up to a position."""
        with closing(connect_read_only(path)) as connection:
            rows = connection.execute("SELECT * FROM events WHERE ?1 < 0 OR position <= ?1 ORDER BY position", (upto,))
            events = tuple(RecordedEvent(*row) for row in rows)
            return cls(path, events, tuple(accepted_in(connection, 0, len(events))))


def event_at(path: Path, position: int) -> RecordedEvent:
    """Read one event of a log."""
    with closing(connect_read_only(path)) as connection:
        row = connection.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone()
        return RecordedEvent(*row)
