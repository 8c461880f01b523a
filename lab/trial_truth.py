"""The truth about a read model: a SELECT over the write tables, and the event at which the rows left it."""

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection, parse
from cqrs.sql import connect_read_only
from cqrs.write.store import WriteStore
from lab import guard
from lab.keys import keys_of, text_of
from lab.reissue import issue
from lab.trial_log import Log
from lab.trial_rows import About, Difference, Table, differences
from lab.trial_scratch import Filling, Scratch
from lab.trial_words import without_columns

WATCHED_EVENTS = 500
"""In a log no longer than this, the event at which both stores part is looked for."""


@dataclass(frozen=True, slots=True)
class Truth:
    """A SELECT that gives the rows which a read model should have, from the write tables; ``key`` names a row.

    ``page`` is what a page asks of the read model, where that is not simply all its rows; if it names an order, the
    rows come in that order on both sides. Both statements are the house's own, never a learner's.
    """

    sql: str
    key: tuple[str, ...]
    page: str | None = None

    def of(self, write_db: Path) -> Table:
        """Ask the write store."""
        with closing(connect_read_only(write_db)) as connection:
            return self._asked(connection)

    def _asked(self, connection: sqlite3.Connection) -> Table:
        cursor = connection.execute(self.sql)
        return Table(tuple(column[0] for column in cursor.description), tuple(cursor))

    def seen(self, filling: Filling, told: Table) -> Table | str:
        """Return what a page would show of a read model, or say why it can show nothing."""
        if self.page is not None:
            answer = guard.read({"main": filling.path}, [self.page])[0]
            if answer.error:
                return f"The page asks {self.page}, and cannot: {answer.error}."
            return Table(answer.columns, answer.rows)
        table = filling.table()
        if lacking := [column for column in told.columns if column not in table.columns]:
            return without_columns(filling.model.name, lacking, told.columns)
        return table.narrowed(told.columns)

    def first(self, seen: Table, told: Table) -> Difference | None:
        """Return the first row that differs."""
        return next(differences(seen, told, self.key), None)

    @property
    def ordered(self) -> bool:
        """Tell whether the page asks for rows in an order."""
        return self.page is not None and "order by" in self.page.lower()

    def disordered(self, seen: Table, told: Table) -> tuple[str, str] | None:
        """Return the first rows that stand at the same place and are not the same: (what stands there, what should)."""
        if not self.ordered:
            return None
        pairs = zip(seen.keys(self.key), told.keys(self.key), strict=True)
        return next(((text_of(one), text_of(other)) for one, other in pairs if one != other), None)

    def blame(self, wrong: Difference, log: Log, scratch: Scratch, folder: Path) -> Difference:
        """Find the event at which the row left the truth; in a long log, the last one that speaks of it."""
        projection = parse(scratch.model.name, scratch.model.source)
        event, exact = None, len(log.events) <= WATCHED_EVENTS
        if exact:
            event = self._parted(wrong, log, scratch, folder)
        if event is None:
            exact, event = False, last_about(wrong, log.events, projection)
        if event is None:
            return wrong
        return replace(wrong, event=About(event.position, event.type, event.type in projection.on, exact))

    def _parted(self, wrong: Difference, log: Log, scratch: Scratch, folder: Path) -> RecordedEvent | None:
        """Find an event before which the row was right, and after which it was not."""
        told = self._history(log, folder)
        if told is None:
            return None

        def parted(position: int) -> bool:
            seen = self.seen(scratch.empty().on(log.events[:position]), told[position])
            rows = [] if isinstance(seen, str) else differences(seen, told[position], self.key)
            return isinstance(seen, str) or any(other.key == wrong.key for other in rows)

        found = bisect_left(range(len(log.events)), True, key=parted)
        return log.events[found - 1] if found else None

    def _history(self, log: Log, folder: Path) -> list[Table] | None:
        """Issue the commands again one by one, and ask for the truth in front of the first and after each."""
        with closing(WriteStore(folder / "write.db", synchronous="OFF")) as write:
            told = [self._asked(write.connection)]
            for event, command in zip(log.events, log.commands, strict=False):
                if issue(write, command).position != event.position:
                    return None
                told.append(self._asked(write.connection))
        return told if len(told) > len(log.events) else None


def last_about(wrong: Difference, events: Iterable[RecordedEvent], projection: Projection) -> RecordedEvent | None:
    """Return the last event that speaks of a row; one that the file has no block for comes first."""
    about = [event for event in events if wrong.key in keys_of(event, wrong.named)]
    unhandled = [event for event in about if event.type not in projection.on]
    return next(reversed(unhandled or about), None)
