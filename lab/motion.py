"""What moves by itself on a real clock: the projector, a batch at a time, what fills beside, and the shoppers.

It only says when and what; a worker, or a test, lets it happen. Read models of a learner's own move apart from the
others: they may be slow, and nobody else should wait for them.
"""

from lab import limits
from lab.actions import Model, Run, Traffic
from lab.beside import not_yet
from lab.carry_out import carry_out
from lab.clock import SECOND
from lab.language import parse
from lab.stores import Stores
from lab.traffic import shopper

COMMON = None
"""The name under which all read models without a delay of their own are due together."""


class Motion:
    """The plan of one sandbox: when its next batches and its next shopper are due. On a manual clock, never.

    ``own`` is the plan of a learner's own read models, which has no shoppers.
    """

    def __init__(self, stores: Stores, *, own: bool = False) -> None:
        self._stores = stores
        self._own = own
        self._next_batch_at: dict[str | None, int] = {}
        self._next_fill_at: int | None = None
        self._next_shopper_at: int | None = None
        self.plan()

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, or None."""
        single = (self._next_fill_at, self._next_shopper_at)
        times = [*self._next_batch_at.values(), *(at for at in single if at is not None)]
        return max(0.0, (min(times) - self._stores.clock.now()) / SECOND) if times else None

    def advance(self) -> bool:
        """Do what is due; tell whether anything was."""
        now = self._stores.clock.now()
        shopping = self._next_shopper_at is not None and self._next_shopper_at <= now
        filling = self._next_fill_at is not None and self._next_fill_at <= now
        projecting = {name for name, at in self._next_batch_at.items() if at <= now}
        if shopping:
            self._shop(now)
        if projecting:
            self._project(projecting)
        if filling:
            self._fill()
        self.plan()
        return shopping or filling or bool(projecting)

    def plan(self) -> None:
        """Settle when there is something to do next; to be called after every action."""
        if self._stores.clock.kind != "real":
            return
        if (self._own and not self._stores.own()) or not self._stores.journal.make_room():
            self._next_batch_at, self._next_fill_at, self._next_shopper_at = {}, None, None
            return
        now = self._stores.clock.now()
        self._plan_batches(now)
        if not self._fillable():
            self._next_fill_at = None
        elif self._next_fill_at is None:
            self._next_fill_at = now + int(limits.FILL_PAUSE_SECONDS * SECOND)
        if self._own or not self._stores.traffic:
            self._next_shopper_at = None
        elif self._next_shopper_at is None:
            self._next_shopper_at = now

    def _plan_batches(self, now: int) -> None:
        head, delays = self._stores.write.head(), self._stores.delays()
        behind = [name for name, position in self._running().items() if position < head]
        soonest = {
            name: now + int(self._stores.delay_of(name) * SECOND)
            for name in {name if name in delays else COMMON for name in behind}
        }
        self._next_batch_at = {name: min(self._next_batch_at.get(name, at), at) for name, at in soonest.items()}

    def _running(self) -> dict[str, int]:
        """Return where those read models stand that run and that this plan is about."""
        return {
            checkpoint.name: checkpoint.position
            for checkpoint in self._stores.read.checkpoints()
            if checkpoint.status == "running" and self._stores.is_own(checkpoint.name) is self._own
        }

    def _shop(self, now: int) -> None:
        rate = self._stores.traffic
        if self._stores.write.head() >= limits.TRAFFIC_STOPS_AT_EVENTS:
            carry_out(self._stores, Traffic(0), "traffic")
            return
        carry_out(self._stores, parse(shopper(self._stores, self._stores.journal.next_number())), "traffic")
        # After a hold-up shoppers come quickly, but what was missed longer ago than a second stays missed.
        self._next_shopper_at = max((self._next_shopper_at or now) + SECOND // rate, now - SECOND)

    def _project(self, due: set[str | None]) -> None:
        """Let the running projections that are due apply their next batch; each target is journalled before it."""
        head, delays = self._stores.write.head(), self._stores.delays()
        goals = {
            name: min(at + self._stores.batch, head)
            for name, at in self._running().items()
            if at < head and (name if name in delays else COMMON) in due
        }
        running = [checkpoint for checkpoint in self._stores.read.checkpoints() if checkpoint.status == "running"]
        together = len(set(goals.values())) == 1 and len(goals) == len(running)
        for line in [Run(to=min(goals.values()))] if together else [Run(name, to) for name, to in goals.items()]:
            answer = carry_out(self._stores, line, "projector")
            if answer.outcome == "failed":
                self._stop(goals if line.model == "all" else {line.model: goals[line.model]}, answer.reason)
        for name in due:
            del self._next_batch_at[name]

    def _stop(self, goals: dict[str, int], reason: str | None) -> None:
        """Stop what could not reach its goal, or it would try again for ever."""
        for checkpoint in self._stores.read.checkpoints():
            if checkpoint.status == "running" and checkpoint.position < goals.get(checkpoint.name, 0):
                self._stores.read.set_status(checkpoint.name, "stopped", reason)

    # Beside

    def _fillable(self) -> dict[str, int]:
        """Return how many events each read model beside has before it, where it is being filled and can go on."""
        head, green = self._stores.write.head(), self._stores.next.checkpoints()
        return {
            name: head - green[name].position
            for name, standing in self._stores.next.standing().items()
            if standing["stage"] == "filling" and name in green and self._stores.is_own(name) is self._own
            if green[name].status != "stopped" and (green[name].position < head or "text" in standing)
        }

    def _fill(self) -> None:
        for name, pending in self._fillable().items():
            # What another text made is read as soon as it is not behind what is read now.
            switch = "text" in self._stores.next.standing()[name] and not_yet(self._stores, name) is None
            fill = Model("fill", name, events=min(pending, limits.FILL_BATCH_EVENTS))
            answer = carry_out(self._stores, Model("switch", name) if switch else fill, "projector")
            if answer.outcome == "failed":
                self._stores.next.store().set_status(name, "stopped", answer.reason)
        self._next_fill_at = None
