"""Why a read model stopped: its true cause, as far as the reason in its checkpoint tells it."""

import re
from typing import Literal, NamedTuple, Protocol

Cause = Literal["crash", "poison", "slow", "other"]

CRASHED = re.compile(r"crashed at (\w+): (.*)", re.DOTALL)
AT_EVENT = re.compile(r"event (\d+)(?: (\w+))?: (.*)", re.DOTALL)
TOO_LONG = re.compile(r"it takes too long")


class Stands(Protocol):
    """A checkpoint, or what a page knows of it."""

    @property
    def position(self) -> int:
        """How far it has read."""

    @property
    def status(self) -> str:
        """Whether it goes on."""

    @property
    def reason(self) -> str | None:
        """Why it does not."""


class Stop(NamedTuple):
    """Why a read model does not go on.

    ``cause`` is 'crash' (the learner let the projector die, and no text is to blame), 'poison' (its SQL cannot apply
    the event at ``event``), 'slow' (its SQL takes longer than it is given), or 'other'. ``point`` is where it died.
    """

    cause: Cause
    event: int
    said: str
    type: str | None = None
    point: str | None = None

    @property
    def in_words(self) -> str:
        """What happened, in one sentence without its full stop."""
        if self.cause == "crash":
            return f"crashed (injected) at {self.point}: {self.said}"
        at = f"stopped at event #{self.event:,}{f' {self.type}' if self.type else ''}"
        return f"{at}: {self.said}"


def why(at: Stands | None) -> Stop | None:
    """Return why a read model stopped; None if it did not."""
    if at is None or at.status != "stopped":
        return None
    reason, following = at.reason or "", at.position + 1
    if died := CRASHED.fullmatch(reason):
        return Stop("crash", following, died[2], point=died[1])
    if named := AT_EVENT.fullmatch(reason):
        return Stop("poison" if named[2] else "slow", int(named[1]), named[3], named[2])
    return Stop("slow" if TOO_LONG.match(reason) else "other", following, reason)


def is_at_poison(at: Stands) -> bool:
    """Tell whether a projection stopped at an event that its statements cannot apply, so that leaving it out helps."""
    stop = why(at)
    return stop is not None and stop.cause == "poison"
