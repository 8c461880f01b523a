"""A read store in a scratch folder, in which a read model is filled again and again, each time in another way.

All of the learner's statements run in the guard's worker; here only the rows that came of it are read.
"""

from collections.abc import Iterator, Sequence
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

TOO_MUCH = f"to rebuild it takes more than {policy.TRIAL_WORK:,} units of work, and a trial has no more"

Events = Sequence[RecordedEvent]


@dataclass(frozen=True, slots=True)
class Filled:
    """How a read model stood after events had come in some way; ``stopped`` says where it went no further, and why."""

    table: Table
    position: int
    work: int
    stopped: str | None


class Scratch:
    """One scratch store, and the ways in which a read model can be filled there."""

    def __init__(self, path: Path, model: guard.Model) -> None:
        self.path, self.model = path, model
        self._line = self._work = 0
        self._stopped: str | None = None
        with closing(ReadStore(path, synchronous="OFF")) as store:
            open_books(store)

    # Ways

    def fill(self, events: Events, *, singly: bool = False, backwards: bool = False) -> Filled:
        """Fill it from empty as a rebuild does; or event by event, or while rows are read the other way round."""
        self.begin()
        for batch in batches(events):
            self.deliver(batch, singly=singly, backwards=backwards)
        return self.filled()

    def twice(self, events: Events) -> Filled:
        """Fill it while everything is delivered twice."""
        self.begin()
        for batch in batches(events):
            self.deliver(batch)
            self.deliver(batch)
        return self.filled()

    def forgetful(self, events: Events) -> Filled:
        """Fill it while every event is delivered twice and nobody remembers what was applied."""
        self.begin()
        for batch in batches(events):
            self.deliver([event for event in batch for _ in range(2)], Guards(dedupe="off"))
        return self.filled()

    def dying(self, events: Events) -> tuple[Filled, int]:
        """Fill it while the projector dies once at every point, somewhere in the log; return how often it died."""
        self.begin()
        parts = list(batches(events, max(1, len(events) // len(POINTS))))
        deaths = 0
        for number, part in enumerate(parts):
            for place, point in enumerate(POINTS):
                if place * len(parts) // len(POINTS) == number:
                    deaths += self.deliver(self._rest(part), crash=point)
                    self._wake()
            self.deliver(self._rest(part))
        return self.filled(), deaths

    # Steps

    def begin(self) -> None:
        """Make the empty table; what was there before goes."""
        refused = guard.make(self.path, self.model, PAGES)
        self._work, self._stopped = 0, refused.reason if refused else None

    def deliver(
        self,
        events: Events,
        guards: Guards = CORRECT,
        crash: str | None = None,
        *,
        singly: bool = False,
        backwards: bool = False,
    ) -> bool:
        """Deliver events, unless it has stopped; tell whether the projector died."""
        if self._stopped or not events:
            return False
        self._line += 1
        try:
            told = guard.fill(
                self.path, self.model, events, PAGES, guards, crash, self._line, singly=singly, backwards=backwards
            )
        except guard.Overrun as overrun:
            self._stopped = str(overrun)
            return False
        self._work += told.work
        if any(incident.what == "stopped" for incident in told.incidents):
            self._stopped = self._checkpoint()[1]
        elif self._work > policy.TRIAL_WORK:
            self._stopped = TOO_MUCH
        return told.crashed

    def filled(self) -> Filled:
        """Read what there is now."""
        return Filled(self.table(), self._checkpoint()[0], self._work, self._stopped)

    def table(self) -> Table:
        """Read the rows of the read model."""
        with closing(connect_read_only(self.path)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            cursor = connection.execute(f'SELECT * FROM "{self.model.name}"')
            return Table(tuple(column[0] for column in cursor.description), tuple(cursor))

    def _checkpoint(self) -> tuple[int, str | None]:
        with closing(connect_read_only(self.path)) as connection:
            found: tuple[int, str | None] = connection.execute(
                "SELECT position, reason FROM _checkpoint WHERE name = ?", (self.model.name,)
            ).fetchone()
            return found

    def _rest(self, events: Events) -> Events:
        position = self._checkpoint()[0]
        return [event for event in events if event.position > position]

    def _wake(self) -> None:
        with closing(ReadStore(self.path, synchronous="OFF")) as store:
            store.set_status(self.model.name, "running")


def batches(events: Events, size: int = policy.BATCH_EVENTS) -> Iterator[Events]:
    """Cut events into batches of a size, or of the largest one."""
    size = min(size, policy.BATCH_EVENTS)
    for start in range(0, len(events), size):
        yield events[start : start + size]
