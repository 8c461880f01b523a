"""Scratch read stores, in which a read model is filled again and again, each time in another way.

All of the learner's statements run in the guard's worker; here only the rows that came of it are read.
"""

import shutil
import sqlite3
from collections.abc import Container, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cqrs.events import RecordedEvent
from cqrs.read.projector import POINTS
from cqrs.read.store import ReadStore
from cqrs.sql import connect_read_only
from lab import guard, limits
from lab.books import open_books
from lab.guard import policy
from lab.loose import CORRECT, Guards
from lab.trial_rows import Table

PAGES = (limits.MAX_READ_BYTES + policy.OWN_BYTES) // limits.PAGE_BYTES

TOO_MUCH = f"it takes more than {policy.TRIAL_WORK:,} units of work to fill it, and a trial has no more"

TOO_MANY = f"it has more than {policy.TRIAL_ROWS:,} rows, and a trial compares no more"

Events = Sequence[RecordedEvent]


@dataclass(frozen=True, slots=True)
class Filled:
    """How a read model stood after events had come in some way; ``stopped`` says where it went no further, and why.

    Two have the same rows, in whatever order, if they have one ``digest``.
    """

    table: Table
    digest: str
    position: int
    work: int
    stopped: str | None


class Scratch:
    """A folder of scratch stores for one read model: each way to fill it gets a store with the empty table."""

    def __init__(self, folder: Path, model: guard.Model, who: str | None = None) -> None:
        self.folder, self.model, self.who = folder, model, who
        self._mould = folder / "mould.db"
        with closing(ReadStore(self._mould, synchronous="OFF")) as store:
            open_books(store)
        self._refused, self._stores = _make(self._mould, model), 0

    def empty(self, most: int = 0) -> "Filling":
        """Return the read model as it stands in front of the first event.

        ``most`` is how much work may be spent; where all events must be applied more than once, that is more.
        """
        self._stores += 1
        path = self.folder / f"read.{self._stores}.db"
        shutil.copy(self._mould, path)
        return Filling(path, self.model, self.who, self._refused, most or 3 * policy.TRIAL_WORK)


def _make(path: Path, model: guard.Model) -> str | None:
    """Make the empty table; say why not, if so. The file was looked over before, so once may be the machine's fault."""
    refused = guard.make(path, model, PAGES) and guard.make(path, model, PAGES)
    if refused and refused.code:
        raise refused.error
    return refused.reason if refused else None


@dataclass
class Filling:
    """A read model on its way through a log, in a scratch store."""

    path: Path
    model: guard.Model
    who: str | None
    stopped: str | None = None
    most: int = 0
    work: int = 0
    line: int = 0

    # Ways

    def on(self, events: Events, *, singly: bool = False, backwards: bool = False) -> "Filling":
        """Go on as the projector does; or event by event, or while rows are read the other way round."""
        for batch in batches(events):
            told = self._deliver(batch, singly=singly, backwards=backwards)
            if told and told.out_of_order:
                # A worker was lost behind a commit, and was asked again.
                self._deliver(self._rest(batch), singly=singly, backwards=backwards)
        return self

    def again(self, events: Events) -> "Filling":
        """Build it again in the place where it stands."""
        self.work, self.stopped = 0, _make(self.path, self.model)
        return self.on(events)

    def twice(self, events: Events) -> "Filling":
        """Go on while everything is delivered twice."""
        for batch in batches(events):
            self.on(batch)
            self._deliver(batch)
        return self

    def forgetful(self, events: Events) -> "Filling":
        """Go on while every event is delivered twice, and nobody remembers what was applied."""
        for batch in batches(events, policy.BATCH_EVENTS // 2):
            self._deliver([event for event in batch for _ in range(2)], Guards(dedupe="off"))
        return self

    def dying(self, events: Events, handled: Container[str]) -> int:
        """Go on while the projector dies once at every point, on its way through the log; return how often it died.

        It dies with an event that the file has a block for, as otherwise there is no statement to die after.
        """
        deaths, places = 0, [event.position for event in events if event.type in handled] or [len(events)]
        for number, point in enumerate(POINTS):
            rest = self._rest(events[: places[number * len(places) // len(POINTS)]])
            self.on(rest[: -policy.BATCH_EVENTS], singly=True)
            told = self._deliver(rest[-policy.BATCH_EVENTS :], crash=point, singly=True)
            if told and told.crashed:
                deaths += 1
                self._wake()
        self.on(self._rest(events))
        return deaths

    # Steps

    def _deliver(
        self,
        events: Events,
        guards: Guards = CORRECT,
        crash: str | None = None,
        *,
        singly: bool = False,
        backwards: bool = False,
    ) -> guard.Delivered | None:
        """Deliver events, unless it has stopped."""
        if self.stopped or not events:
            return None
        self.line += 1
        how = {"singly": singly, "backwards": backwards}
        try:
            told = guard.fill(self.path, self.model, events, PAGES, guards, crash, self.line, self.who, **how)
        except guard.Overrun as overrun:
            self.stopped = str(overrun)
            return None
        self.work += told.work
        if any(incident.what == "stopped" for incident in told.incidents):
            self.stopped = self._checkpoint()[1]
        elif self.work > self.most:
            self.stopped = TOO_MUCH
        return told

    def filled(self) -> Filled:
        """Return what there is now."""
        found = self.table()
        if len(found.rows) > policy.TRIAL_ROWS:
            self.stopped = TOO_MANY
            found = Table(found.columns, ())
        return Filled(found, guard.digest(found.rows), self._checkpoint()[0], self.work, self.stopped)

    def table(self) -> Table:
        """Read the rows of the read model."""
        with closing(connect_read_only(self.path)) as connection:
            return table(connection, self.model.name)

    def _checkpoint(self) -> tuple[int, str | None]:
        with closing(connect_read_only(self.path)) as connection:
            found: tuple[int, str | None] | None = connection.execute(
                "SELECT position, reason FROM _checkpoint WHERE name = ?", (self.model.name,)
            ).fetchone()
            return found or (0, None)

    def _rest(self, events: Events) -> Events:
        position = self._checkpoint()[0]
        return [event for event in events if event.position > position]

    def _wake(self) -> None:
        with closing(ReadStore(self.path, synchronous="OFF")) as store:
            store.set_status(self.model.name, "running")


def table(connection: sqlite3.Connection, name: str) -> Table:
    """Read the rows of a read model, up to one too many, if it is there; what is no UTF-8 can be compared too."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone() is None:
        return Table((), ())
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    cursor = connection.execute(f'SELECT * FROM "{name}" LIMIT ?', (policy.TRIAL_ROWS + 1,))
    return Table(tuple(column[0] for column in cursor.description), tuple(cursor))


def batches(events: Events, size: int = policy.BATCH_EVENTS) -> Iterator[Events]:
    """Cut events into batches."""
    for start in range(0, len(events), size):
        yield events[start : start + size]
