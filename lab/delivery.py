"""How events reach a read model here: by the correct projector, or by the loose one where a guard is off.

A crash that is armed for a read model happens on the way: what the projector's transaction had begun is dropped,
as a process that dies there would drop it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from cqrs.read.projector import deliver, project
from cqrs.read.store import ReadStore
from lab import books, loose
from lab.loose import CORRECT, Guards
from lab.outcome import Applied, Incident

At = Callable[[str], None]


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
        progress = Progress()
        died = _Watch(events, self.at)
        try:
            progress.incidents += self._project(events, died)
        except Crashed:
            death = self._death(died, before)
            progress.incidents.append(death)
            progress.crashed.append(name)
            self.store.set_status(name, "stopped", f"crashed at {death.point}: {death.detail}")
        after = self.store.position(name)
        if after > before:
            progress.applied.append((name, after, before, picked_up, now()))
        return progress

    def _project(self, events: Sequence[RecordedEvent], at: At) -> list[Incident]:
        name, batch = self.projection.name, [deliver(event) for event in events]
        if self.guards == CORRECT and not books.parked(self.store, name):
            project(self.store, self.projection, batch, at)
            return self._stopped_by_the_correct_one()
        fates = loose.project(self.store, self.projection, batch, at, self.guards, self.n)
        for fate in fates:
            if fate.what == "stopped":
                self.store.set_status(name, "stopped", f"event {fate.position} {fate.detail}")
        return [Incident(name, fate.what, fate.position, fate.position, detail=fate.detail) for fate in fates]

    def _stopped_by_the_correct_one(self) -> list[Incident]:
        name = self.projection.name
        at = next(checkpoint for checkpoint in self.store.checkpoints() if checkpoint.name == name)
        if at.status != "stopped":
            return []
        return [Incident(name, "stopped", at.position + 1, at.position + 1, detail=at.reason)]

    def _death(self, died: "_Watch", before: int) -> Incident:
        """Say where it died, and whether the rows had been committed by then."""
        apart = ("before_checkpoint", "after_commit") if not self.guards.atomic else ("after_commit",)
        name, kept = self.projection.name, died.point in apart
        moved = self.store.position(name) > before
        said = (
            "rows and checkpoint were kept" if moved else "rows kept, checkpoint lost" if kept else "nothing kept"
        )
        first, last = (died.events[0].position, died.events[-1].position) if died.events else (before, before)
        return Incident(name, "crashed", first, last, died.point, kept, said)


class _Watch:
    """Notes the last point that was reached before anything happens there."""

    def __init__(self, events: Sequence[RecordedEvent], at: At) -> None:
        self.events = events
        self.point = ""
        self._at = at

    def __call__(self, point: str) -> None:
        self.point = point
        self._at(point)
