"""What moves by itself on a real clock: the projector, a batch at a time, and the shoppers.

It only says when and what; a worker, or a test, lets it happen.
"""

from lab import limits
from lab.actions import Run, Traffic
from lab.carry_out import carry_out
from lab.clock import SECOND
from lab.language import parse
from lab.stores import Stores
from lab.traffic import shopper


class Motion:
    """The plan of one sandbox: when its next batch and its next shopper are due. On a manual clock, never."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._next_batch_at: int | None = None
        self._next_shopper_at: int | None = None
        self.plan()

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, or None."""
        times = [at for at in (self._next_batch_at, self._next_shopper_at) if at is not None]
        return max(0.0, (min(times) - self._stores.clock.now()) / SECOND) if times else None

    def advance(self) -> bool:
        """Do what is due; tell whether anything was."""
        now = self._stores.clock.now()
        shopping = self._next_shopper_at is not None and self._next_shopper_at <= now
        projecting = self._next_batch_at is not None and self._next_batch_at <= now
        if shopping:
            self._shop(now)
        if projecting:
            self._project()
        self.plan()
        return shopping or projecting

    def plan(self) -> None:
        """Settle when there is something to do next; to be called after every action."""
        if self._stores.clock.kind != "real":
            return
        if not self._stores.journal.make_room():
            self._next_batch_at = self._next_shopper_at = None
            return
        now, head = self._stores.clock.now(), self._stores.write.head()
        if any(c.status == "running" and c.position < head for c in self._stores.read.checkpoints()):
            soonest = now + int(self._stores.delay * SECOND)
            self._next_batch_at = soonest if self._next_batch_at is None else min(self._next_batch_at, soonest)
        else:
            self._next_batch_at = None
        if not self._stores.traffic:
            self._next_shopper_at = None
        elif self._next_shopper_at is None:
            self._next_shopper_at = now

    def _shop(self, now: int) -> None:
        rate = self._stores.traffic
        if self._stores.write.head() >= limits.TRAFFIC_STOPS_AT_EVENTS:
            carry_out(self._stores, Traffic(0), "traffic")
            return
        carry_out(self._stores, parse(shopper(self._stores, self._stores.journal.next_number())), "traffic")
        # After a hold-up shoppers come quickly, but what was missed longer ago than a second stays missed.
        self._next_shopper_at = max((self._next_shopper_at or now) + SECOND // rate, now - SECOND)

    def _project(self) -> None:
        """Let every running projection apply its next batch; each target is journalled before the batch."""
        head = self._stores.write.head()
        running = {c.name: c.position for c in self._stores.read.checkpoints() if c.status == "running"}
        goals = {name: min(at + self._stores.batch, head) for name, at in running.items() if at < head}
        together = len(set(goals.values())) == 1 and len(goals) == len(running)
        for line in [Run(to=min(goals.values()))] if together else [Run(name, to) for name, to in goals.items()]:
            answer = carry_out(self._stores, line, "projector")
            if answer.outcome == "failed":
                self._stop(goals if line.model == "all" else {line.model: goals[line.model]}, answer.reason)
        self._next_batch_at = None

    def _stop(self, goals: dict[str, int], reason: str | None) -> None:
        """Stop what could not reach its goal, or it would try again for ever."""
        for checkpoint in self._stores.read.checkpoints():
            if checkpoint.status == "running" and checkpoint.position < goals.get(checkpoint.name, 0):
                self._stores.read.set_status(checkpoint.name, "stopped", reason)
