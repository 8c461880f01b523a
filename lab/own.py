"""Read models of a learner's own: made and filled in the guard's worker, never here.

Here such a projection has no statements at all, only its name, its key and the types of event that it hears of. The
text of its file goes to the worker, which reads it there.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection, ProjectionError, by_equality, parse
from cqrs.read.projector import OutOfOrder, catch_up
from cqrs.read.store import ReadStore
from lab import guard
from lab.books import open_books
from lab.delivery import Progress
from lab.guard import own_file, policy
from lab.loose import CORRECT, Guards
from lab.outcome import CannotDo, Incident

TITLE_CHARS = 60
SHOWN_CHARS = 500


class Own(Projection):
    """The projection of a read model of a learner's own, as far as the server needs to know it."""


@lru_cache(maxsize=32)
def texts(setting: str) -> Mapping[str, str]:
    """Read the setting ``own``: the text of each file by the name of its read model."""
    found: dict[str, str] = json.loads(setting)
    return found


@lru_cache(maxsize=256)
def read(name: str, text: str) -> Own | None:
    """Return a projection without its statements; None if the text is none, or names what could be more than a name."""
    try:
        found = parse(name, text)
    except ProjectionError:
        return None
    if not all(own_file.NAME.fullmatch(word) for word in (name, *found.key)):
        return None
    hears: dict[str, tuple[str, ...]] = dict.fromkeys(found.on, ())
    return Own(name, text, found.title[:TITLE_CHARS], found.key, by_equality(found.key), (), hears, ())


def is_own(projection: Projection) -> bool:
    """Tell whether a projection is a learner's own."""
    return isinstance(projection, Own)


def bare(name: str) -> Projection:
    """Return as much of a projection as it takes to drop its read model."""
    return Projection(name, "", name)


# Made


def begin(store: ReadStore, file: Path, projection: Projection, position: int, pages: int) -> None:
    """Make a read model's empty table, with its checkpoint at a position; one that is there begins again.

    Raise CannotDo if the guard refuses it.
    """
    if not isinstance(projection, Own):
        if position:
            store.add(projection, position=position)
        else:
            store.empty(projection)
        return
    open_books(store)
    refused = guard.make(file, _model(projection), pages, position)
    if refused is not None:
        raise refused.error if refused.code else CannotDo(f"{projection.name}: {refused.reason}")


def _model(projection: Own) -> guard.Model:
    return guard.Model(projection.name, projection.source)


# Filled


@dataclass(slots=True)
class Turn:
    """What the background gives a read model at a time; where that was not enough, it is ``over``."""

    seconds: float = policy.TURN_SECONDS
    over: bool = False


TURN_OVER = "it took longer than its turn, so nothing of it was kept: next time with fewer events"


@dataclass(frozen=True, slots=True)
class OwnRoute:
    """The way to a read model of one's own, as ``Route`` is to the others.

    ``store`` is this process's connection to the same file; the rows are not changed through it. Only a ``divisible``
    delivery may take more than one transaction. In a ``turn`` it is one, or it fails.
    """

    store: ReadStore
    file: Path
    projection: Own
    pages: int
    guards: Guards = CORRECT
    crash: str | None = None
    n: int = 0
    divisible: bool = True
    turn: Turn | None = None

    def deliver(self, events: Sequence[RecordedEvent], now: Callable[[], int]) -> Progress:
        """Deliver events, not too many at once; the checkpoint tells afterwards how far they came."""
        if self.turn is not None:
            return self._in_a_turn(events, now, self.turn)
        progress, start, size = Progress(), 0, policy.BATCH_EVENTS
        while start == 0 or start < len(events):
            seconds = policy.TURN_SECONDS if self.divisible and size > 1 else None
            try:
                came = self._deliver(events[start : start + size], now, self.n or -start, seconds)
            except guard.TurnOver:
                # Others want to be delivered to as well, so this goes on in smaller pieces.
                size = max(1, size // 4)
                continue
            progress += came
            if came.crashed or any(incident.what == "stopped" for incident in came.incidents):
                break
            start += size
        return progress

    def _in_a_turn(self, events: Sequence[RecordedEvent], now: Callable[[], int], turn: Turn) -> Progress:
        try:
            return self._deliver(events, now, self.n, turn.seconds)
        except guard.TurnOver:
            turn.over = True
            raise CannotDo(TURN_OVER) from None

    def _deliver(
        self, batch: Sequence[RecordedEvent], now: Callable[[], int], n: int, seconds: float | None
    ) -> Progress:
        model, before = _model(self.projection), self.store.position(self.projection.name)
        try:
            return guard.deliver(self.file, model, batch, now, self.pages, self.guards, self.crash, n, seconds)
        except guard.Overrun as overrun:
            return Progress(incidents=[self._stop(batch, overrun)])
        except OutOfOrder:
            if (committed := self._committed(batch, before, now)) is None:
                raise
            return committed

    def _committed(self, batch: Sequence[RecordedEvent], before: int, now: Callable[[], int]) -> Progress | None:
        """Return what a worker did that was lost after its commit, so that the events came once more; None if none."""
        name = self.projection.name
        stands = next(checkpoint for checkpoint in self.store.checkpoints() if checkpoint.name == name)
        after = stands.position
        if batch[0].position != before + 1 or after == before:
            return None
        stopped = [Incident(name, "stopped", after + 1, after + 1, detail=stands.reason)]
        return Progress([(name, after, before, now(), now())], stopped if stands.status == "stopped" else [])

    def retry(self, event: RecordedEvent) -> Incident:
        """Apply a parked event."""
        try:
            return guard.retry(self.file, _model(self.projection), event, self.pages)
        except guard.Overrun as overrun:
            return self._stop([event], overrun)

    def _stop(self, batch: Sequence[RecordedEvent], overrun: guard.Overrun) -> Incident:
        name, at = self.projection.name, self.store.position(self.projection.name)
        self.store.set_status(name, "stopped", str(overrun))
        first, last = (batch[0].position, batch[-1].position) if batch else (at, at)
        return Incident(name, "stopped", first, last, detail=str(overrun))


Feed = Callable[[int, int], Sequence[RecordedEvent]]


def fill(
    store: ReadStore,
    file: Path,
    projection: Projection,
    feed: Feed,
    limit: int,
    pages: int,
    turn: Turn | None = None,
) -> None:
    """Apply up to ``limit`` events with every guard on: what ``catch_up`` does, in the worker where it must be."""
    if not isinstance(projection, Own):
        catch_up(store, [projection], feed, limit)
        return
    events = feed(store.position(projection.name), limit)
    OwnRoute(store, file, projection, pages, turn=turn).deliver(events, lambda: 0)


# Shown


def any_text(raw: bytes) -> str:
    """Read what SQLite calls a text where a learner's own statements write; nothing says that it is one."""
    return raw.decode("utf-8", "replace")


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: bytes and what is infinite as SQLite would write them."""
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "9e999" if value > 0 else "-9e999"
    return value


def shown(value: Any) -> Any:
    """Return a value as a page and a query give it: whatever a learner's statements made, and not too long."""
    value = plain(value)
    if isinstance(value, str) and len(value) > SHOWN_CHARS:
        return value[: SHOWN_CHARS - 1] + "…"
    return value
