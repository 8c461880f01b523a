"""How read models of a learner's own move by themselves: in turns, each of them short however slow its projection is.

All sandboxes share the one thread that lets them move. Whoever has had a turn goes behind the others that are due, so
that nobody waits for more than one turn of each of them. What takes longer than a turn rests before the next, longer
each time, and stops in the end.
"""

from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from lab import limits
from lab.actions import Model, Run
from lab.clock import SECOND
from lab.guard import policy
from lab.motion import Motion
from lab.own import Turn
from lab.stores import Stores

TOO_SLOW = "event {}: its statements together take longer than {:g} s"


@dataclass(slots=True)
class Pace:
    """How many events fit in a turn, as far as it is known; how often in a row one was over; until when it rests."""

    events: int = policy.TURN_EVENTS
    overruns: int = 0
    rests_until: int = 0

    def fitted(self, took: int) -> None:
        """Note that a turn came to its end, after so many microseconds."""
        self.overruns = 0
        if took < policy.TURN_SECONDS * SECOND / 2:
            self.events = min(2 * self.events, policy.TURN_EVENTS)

    def was_over(self, now: int) -> None:
        """Note that a turn was not enough: the next one comes later, and has one event only."""
        self.events = 1
        self.rests_until = now + int(policy.REST_SECONDS * 2**self.overruns * SECOND)
        self.overruns += 1


class OwnMotion(Motion):
    """The plan of the learner's own read models in one sandbox."""

    own = True

    def __init__(self, stores: Stores) -> None:
        super().__init__(stores)
        self._paces: dict[tuple[str, str], Pace] = {}

    def advance(self) -> bool:
        """Give one read model its turn, the one that has been due for longest; tell whether any was."""
        due = [(at, partial(self._project, {name})) for name, at in self._next_batch_at.items()]
        due += [(at, partial(self._fill, name)) for name, at in self._next_fill_at.items()]
        if not due:
            return False
        at, give_turn = min(due, key=itemgetter(0))
        if at > self._stores.clock.now():
            return False
        give_turn()
        return True

    def plan(self, *, room: bool) -> None:
        """Settle when there is something to do next, but nothing for what rests."""
        super().plan(room=room and bool(self._stores.own()))
        for act, due in (("run", self._next_batch_at), ("fill", self._next_fill_at)):
            for name, at in due.items():
                due[name] = max(at, self._pace(act, name).rests_until)

    def _plan_shopper(self, now: int) -> None:
        """Shoppers are no read model."""

    def _together_with(self, name: str) -> str:
        return name

    def _project(self, due: set[str]) -> None:
        for name in due:
            del self._next_batch_at[name]
            at, head = self._running().get(name), self._stores.head()
            if at is not None and at < head:
                goal = min(head, at + self._most(name, head - at))
                if why_not := self._give_turn(Run(name, goal), at):
                    self._stop({name: goal}, why_not)

    def _most(self, name: str, behind: int) -> int:
        """Return how many events are due at once: what the learner set or, far behind and undelayed, all that fit."""
        hurried = behind > policy.TURN_EVENTS and not self._stores.settings.delay_of(name)
        return min(self._pace("run", name).events, policy.TURN_EVENTS if hurried else self._stores.settings.batch)

    def _fill_up(self, name: str, pending: int) -> str | None:
        most = policy.TURN_EVENTS if pending > policy.TURN_EVENTS else limits.FILL_BATCH_EVENTS
        fill = Model("fill", name, events=min(pending, most, self._pace("fill", name).events))
        return self._give_turn(fill, self._stores.next.checkpoints()[name].position)

    def _pace(self, act: str, name: str) -> Pace:
        return self._paces.setdefault((act, name), Pace())

    def _give_turn(self, line: Run | Model, at: int) -> str | None:
        """Carry out a line in a turn; return why the read model, which stands at an event, has to stop, or None."""
        act, name = ("run", line.model) if isinstance(line, Run) else ("fill", line.name)
        pace, turn, began = self._pace(act, name), Turn(), self._stores.clock.now()
        self._stores.turn = turn
        try:
            why_not = self._do(line)
        finally:
            self._stores.turn = None
        now = self._stores.clock.now()
        if not turn.over:
            pace.fitted(now - began)
            return why_not
        pace.was_over(now)
        if pace.overruns < policy.OVERRUNS:
            return None
        del self._paces[act, name]
        return TOO_SLOW.format(at + 1, policy.TURN_SECONDS)
