"""The pace of a sandbox: the delay before a batch, its size, the traffic, and time that passes."""

import json

from lab import limits
from lab.actions import Set, Traffic, Wait
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores
from lab.targets import no_model


def choose(stores: Stores, action: Set, line: Line) -> Done:
    """Choose the delay before each batch, and how large a batch is."""
    if action.model is not None and action.delay is not None:
        return _set_delay_of(stores, action.model, action.delay)
    if action.delay is not None:
        stores.journal.set("delay", action.delay)
    if action.batch is not None:
        stores.journal.set("batch", action.batch)
    return Done()


def _set_delay_of(stores: Stores, name: str, delay: float) -> Done:
    """Give a read model a delay of its own; with the common one, it has none of its own any more."""
    if name not in stores.positions():
        raise CannotDo(no_model(stores, name))
    delays = {other: own for other, own in stores.settings.delays().items() if other != name}
    if delay == stores.settings.delay:
        said = f"{name} waits as long as the others again: {delay:g} s, injected"
    else:
        delays[name] = delay
        said = f"{name} waits {delay:g} s before each batch, injected; the others {stores.settings.delay:g} s"
    return Done(reason=said, settings={"delays": json.dumps(delays)})


def traffic(stores: Stores, action: Traffic, line: Line) -> Done:
    """Let shoppers send commands by themselves, or send them home."""
    if action.per_second and stores.write.head() >= limits.TRAFFIC_STOPS_AT_EVENTS:
        raise CannotDo(
            f"traffic stops at {limits.TRAFFIC_STOPS_AT_EVENTS:,} events, so that there is room left to try things"
        )
    stores.journal.set("traffic", action.per_second)
    return Done()


def wait(stores: Stores, action: Wait, line: Line) -> Done:
    """Let time pass."""
    stores.clock.pass_time(action.milliseconds)
    return Done()
