"""What moves by itself on a real clock: the projector, a batch at a time, what fills beside, and the shoppers.

It only says when and what; a worker, or a test, lets it happen. Read models of a learner's own move apart from these:
see ``lab.own_motion``.
"""

from lab import limits
from lab.actions import Model, Run, Traffic
from lab.beside import not_yet
from lab.carry_out import carry_out
from lab.clock import SECOND
from lab.language import parse
from lab.stores import Stores
from lab.traffic import shopper

COMMON = ""
"""The name under which all read models without a delay of their own are due together."""


class Motion:
    """The plan of one sandbox: when its next batches and its next shopper are due."""

    own = False

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._next_batch_at: dict[str, int] = {}
        self._next_fill_at: dict[str, int] = {}
        self._next_shopper_at: int | None = None

    def due(self) -> float | None:
        """Return in how many seconds there is something to do, or None."""
        times = [*self._next_batch_at.values(), *self._next_fill_at.values()]
        if self._next_shopper_at is not None:
            times.append(self._next_shopper_at)
        return max(0.0, (min(times) - self._stores.clock.now()) / SECOND) if times else None

    def advance(self) -> bool:
        """Do what is due; tell whether anything was."""
        now = self._stores.clock.now()
        shopping = self._next_shopper_at is not None and self._next_shopper_at <= now
        projecting = {name for name, at in self._next_batch_at.items() if at <= now}
        filling = [name for name, at in self._next_fill_at.items() if at <= now]
        if shopping:
            self._shop(now)
        if projecting:
            self._project(projecting)
        for name in filling:
            self._fill(name)
        return shopping or bool(projecting) or bool(filling)

    def plan(self, *, room: bool) -> None:
        """Settle when there is something to do next, which takes room; to be called after every action."""
        if not room:
            self._next_batch_at, self._next_fill_at, self._next_shopper_at = {}, {}, None
            return
        now = self._stores.clock.now()
        self._plan_batches(now)
        fill_at = now + int(limits.FILL_PAUSE_SECONDS * SECOND)
        self._next_fill_at = {name: self._next_fill_at.get(name, fill_at) for name in self._fillable()}
        self._plan_shopper(now)

    def _plan_batches(self, now: int) -> None:
        head = self._stores.head()
        behind = [name for name, position in self._running().items() if position < head]
        soonest = {
            self._together_with(name): now + int(self._stores.settings.delay_of(name) * SECOND) for name in behind
        }
        self._next_batch_at = {name: min(self._next_batch_at.get(name, at), at) for name, at in soonest.items()}

    def _together_with(self, name: str) -> str:
        return name if name in self._stores.settings.delays() else COMMON

    def _plan_shopper(self, now: int) -> None:
        if not self._stores.settings.traffic:
            self._next_shopper_at = None
        elif self._next_shopper_at is None:
            self._next_shopper_at = now

    def _running(self) -> dict[str, int]:
        """Return where those read models stand that run and that this plan is about."""
        return {
            checkpoint.name: checkpoint.position
            for checkpoint in self._stores.checkpoints().values()
            if checkpoint.status == "running" and self._stores.is_own(checkpoint.name) is self.own
        }

    def _shop(self, now: int) -> None:
        rate = self._stores.settings.traffic
        if self._stores.head() >= limits.TRAFFIC_STOPS_AT_EVENTS:
            carry_out(self._stores, Traffic(0), "traffic")
            return
        carry_out(self._stores, parse(shopper(self._stores, self._stores.journal.next_number())), "traffic")
        # After a hold-up shoppers come quickly, but what was missed longer ago than a second stays missed.
        self._next_shopper_at = max((self._next_shopper_at or now) + SECOND // rate, now - SECOND)

    def _project(self, due: set[str]) -> None:
        """Let the running projections that are due apply their next batch; each target is journalled before it."""
        head = self._stores.head()
        goals = {
            name: min(at + self._stores.settings.batch, head)
            for name, at in self._running().items()
            if at < head and self._together_with(name) in due
        }
        running = [found for found in self._stores.checkpoints().values() if found.status == "running"]
        together = len(set(goals.values())) == 1 and len(goals) == len(running)
        for line in [Run(to=min(goals.values()))] if together else [Run(name, to) for name, to in goals.items()]:
            if why_not := self._do(line):
                self._stop(goals if line.model == "all" else {line.model: goals[line.model]}, why_not)
        for name in due:
            del self._next_batch_at[name]

    def _do(self, line: Run | Model) -> str | None:
        """Carry out a line; return why it failed, or None."""
        answer = carry_out(self._stores, line, "projector")
        return answer.reason if answer.outcome == "failed" else None

    def _stop(self, goals: dict[str, int], reason: str) -> None:
        """Stop what could not reach its goal, or it would try again for ever."""
        for checkpoint in self._stores.checkpoints().values():
            if checkpoint.status == "running" and checkpoint.position < goals.get(checkpoint.name, 0):
                self._stores.read.set_status(checkpoint.name, "stopped", reason)

    # Beside

    def _fillable(self) -> dict[str, int]:
        """Return how many events each read model beside has before it, where it is being filled and can go on."""
        head, green = self._stores.head(), self._stores.next.checkpoints()
        return {
            name: head - green[name].position
            for name, standing in self._stores.next.standing().items()
            if standing["stage"] == "filling" and name in green and self._stores.is_own(name) is self.own
            if green[name].status != "stopped" and (green[name].position < head or "text" in standing)
        }

    def _fill(self, name: str) -> None:
        del self._next_fill_at[name]
        pending = self._fillable().get(name)
        if pending is None:
            return
        # What another text made is read as soon as it is not behind what is read now.
        switch = "text" in self._stores.next.standing()[name] and not_yet(self._stores, name) is None
        if why_not := self._do(Model("switch", name)) if switch else self._fill_up(name, pending):
            self._stores.next.store().set_status(name, "stopped", why_not)

    def _fill_up(self, name: str, pending: int) -> str | None:
        return self._do(Model("fill", name, events=min(pending, limits.FILL_BATCH_EVENTS)))
