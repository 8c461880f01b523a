"""How events reach a read model here: by the correct projector, or by the loose one where a guard is off.

A crash that is armed for a read model happens on the way: what the projector's transaction had begun is dropped,
as a process that dies there would drop it.
"""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from cqrs.read.projector import OutOfOrder, deliver, project
from cqrs.read.store import ReadStore
from lab import books, loose
from lab.loose import CORRECT, Fate, Guards
from lab.outcome import Applied, Incident

At = Callable[[str], None]

log = logging.getLogger(__name__)


class Crashed(Exception):
    """The projector dies here, because a learner wanted it to."""


@dataclass(slots=True)
class Progress:
    """What came of delivering events: batches applied, what befell events, and which read models crashed."""

    applied: list[Applied] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Progress") -> "Progress":
        self.applied += other.applied
        self.incidents += other.incidents
        self.crashed += other.crashed
        return self


@dataclass(frozen=True, slots=True)
class Route:
    """The way to one read model: its projection, its guards, and what happens at each named point."""

    store: ReadStore
    projection: Projection
    guards: Guards
    at: At
    n: int = 0

    def deliver(self, events: Sequence[RecordedEvent], now: Callable[[], int]) -> Progress:
        """Deliver a batch as it stands; the checkpoint tells afterwards how far it came."""
        name, before, picked_up = self.projection.name, self.store.position(self.projection.name), now()
        progress, fates, deaths = Progress(), list[Fate](), list[Incident]()
        watch = _Watch(events, self.at)
        try:
            self._project(events, watch, fates)
        except (sqlite3.Error, OutOfOrder):
            raise
        except Exception as error:
            deaths.append(self._died(watch, before, error))
            if isinstance(error, Crashed):
                progress.crashed.append(name)
        if all(death.kept for death in deaths):
            progress.incidents += [Incident(name, what, at, at, detail=detail) for at, what, detail in fates]
        progress.incidents += deaths
        after = self.store.position(name)
        if after > before:
            progress.applied.append((name, after, before, picked_up, now()))
        return progress

    def retry(self, event: RecordedEvent) -> Incident:
        """Apply a parked event; one that fails again stays parked, and one that has been applied is left alone."""
        name, at = self.projection.name, event.position
        try:
            with self.store.transaction():
                if at in [entry.position for entry in books.parked(self.store, name)]:
                    loose.apply_one(self.store, self.projection, deliver(event), lambda point: None, remember=True)
                    books.resolve(self.store, name, at)
        except sqlite3.Error as error:
            if not loose.is_poison(error):
                raise
            books.park(self.store, name, event, str(error))
            return Incident(name, "parked", at, at, detail=f"event {at}: {error}")
        return Incident(name, "retried", at, at)

    def _project(self, events: Sequence[RecordedEvent], at: At, fates: list[Fate]) -> None:
        name, batch = self.projection.name, [deliver(event) for event in events]
        if self.guards == CORRECT and not books.parked(self.store, name):
            project(self.store, self.projection, batch, at)
            fates += self._stopped_by_the_correct_one()
            return
        loose.project(self.store, self.projection, batch, at, self.guards, self.n, fates)
        for fate in fates:
            if fate.what == "stopped":
                self.store.set_status(name, "stopped", f"event {fate.position} {fate.detail}")

    def _stopped_by_the_correct_one(self) -> list[Fate]:
        name = self.projection.name
        at = next(checkpoint for checkpoint in self.store.checkpoints() if checkpoint.name == name)
        return [Fate(at.position + 1, "stopped", at.reason)] if at.status == "stopped" else []

    def _died(self, watch: "_Watch", before: int, error: Exception) -> Incident:
        """Stop the projection where it died, and say whether the rows had been committed by then."""
        name, point, said = self.projection.name, watch.point, "nothing kept"
        if point == "after_commit":
            said = "rows and checkpoint were kept"
        elif point == "before_checkpoint" and not self.guards.atomic:
            said = "rows kept, checkpoint lost"
        first, last = (watch.events[0].position, watch.events[-1].position) if watch.events else (before, before)
        death = Incident(name, "crashed", first, last, point, said != "nothing kept", said)
        reason = f"crashed at {point}: {said}"
        if not isinstance(error, Crashed):
            log.exception("the projector met an error that nobody expected")
            reason = f"an unexpected error at {point or 'the start'}, {type(error).__name__}: {error}; {said}"
            death = death._replace(what="stopped", detail=reason)
        self.store.set_status(name, "stopped", reason)
        return death


class _Watch:
    """Notes the last point that was reached before anything happens there."""

    def __init__(self, events: Sequence[RecordedEvent], at: At) -> None:
        self.events = events
        self.point = ""
        self._at = at

    def __call__(self, point: str) -> None:
        self.point = point
        self._at(point)
