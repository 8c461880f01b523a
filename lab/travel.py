"""Time travel: both stores as of an event, made again beside the sandbox's own, and what differs between two events."""

from contextlib import closing
from typing import Any, NamedTuple

from cqrs.read.projection import Projection
from lab import limits
from lab.fault_actions import Travel
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores
from lab.travel_difference import WRITE_TABLES, Difference, connect, of_read, of_write
from lab.travel_moments import Moment


class Journey(NamedTuple):
    """Two moments of a log: the one that is looked at, and the one that it is compared with."""

    at: Moment
    since: Moment
    models: dict[str, Projection]

    def write(self) -> dict[str, Difference]:
        """Return how the tables of the write store differ."""
        return of_write(self.since, self.at)

    def read(self) -> dict[str, Difference]:
        """Return how the read models differ."""
        return of_read(self.since, self.at, self.models)

    def stopped(self) -> dict[str, str]:
        """Return the read models that even the correct projector could not bring there, and where each stopped."""
        with closing(connect(self.at.read)) as read:
            return dict(read.execute("SELECT name, reason FROM _checkpoint WHERE status = 'stopped' ORDER BY name"))


def travel(stores: Stores, action: Travel, line: Line) -> Done:
    """Answer how both stores differ between two events; nothing is changed by it."""
    at = action.position
    since = before(at) if action.since is None else action.since
    head = stores.write.head()
    if max(at, since) > head:
        raise CannotDo(f"there is no event #{max(at, since)}; the log ends at #{head}: travel {head}")
    if stores.building:
        return Done(reason="left out of the replay: it changes neither store", position=at)
    journey = set_out(stores, at, since)
    found = {**journey.read(), **journey.write()}
    return Done(reason=_said(at, since, found), position=at, result=_told(journey, found))


def before(position: int) -> int:
    """Return what a moment is compared with if nothing else is said: then one sees what its event did."""
    return max(position - 1, 0)


def set_out(stores: Stores, at: int, since: int) -> Journey:
    """Return both moments, however many commands they take."""
    journey = go_on(stores, at, since, limits.MAX_EVENTS)
    if journey is None:
        raise CannotDo(f"the log has more than {limits.MAX_EVENTS:,} events")
    return journey


def go_on(stores: Stores, at: int, since: int, most: int) -> Journey | None:
    """Return both moments; None if more than ``most`` commands must be issued again, and then some have been."""
    models = {name: found for name in stores.checkpoints() if (found := stores.projection(name)) is not None}
    moments = stores.moments.reach(stores.write, tuple(models.values()), (at, since), most)
    return None if moments is None else Journey(moments[at], moments[since], models)


def _said(at: int, since: int, found: dict[str, Difference]) -> str:
    differing = [name for name, difference in found.items() if difference.rows]
    told = f"these differ from #{since}: {', '.join(differing)}" if differing else f"nothing differs from #{since}"
    return f"both stores as of #{at}, made again on the side; {told}"


def _told(journey: Journey, found: dict[str, Difference]) -> dict[str, Any]:
    keys = {**WRITE_TABLES, **{name: projection.key for name, projection in journey.models.items()}}
    told = {name: difference.as_json(keys[name]) for name, difference in found.items()}
    return {
        "position": journey.at.position,
        "since": journey.since.position,
        "models": {name: told[name] for name in journey.models},
        "write": {name: told[name] for name in WRITE_TABLES},
        "stopped": journey.stopped(),
    }
