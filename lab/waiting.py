"""Waiting on the real clock: until so much time has passed, or until the projector has come far enough."""

import threading
import time
from collections.abc import Callable

from lab import limits, replay
from lab.actions import Query
from lab.stores import Stores

_waits = threading.BoundedSemaphore(limits.MAX_WAITS_AT_ONCE)


def let_pass(milliseconds: int) -> str | None:
    """Sleep; return why not, if that is not to be had."""
    if milliseconds > limits.MAX_WAIT_SECONDS * 1000:
        return f"on the real clock a wait lasts at most {limits.MAX_WAIT_SECONDS * 1000:,.0f} milliseconds"
    if not _waits.acquire(blocking=False):
        return "too many are waiting on this server now; try again in a moment"
    try:
        time.sleep(milliseconds / 1000)
    finally:
        _waits.release()
    return None


def until_fresh(query: Query, present: Callable[[], Stores], progressed: threading.Condition) -> tuple[int, str | None]:
    """Wait for the projector; return the events that it applied meanwhile, and why it was not enough.

    The lock of ``progressed`` is let go meanwhile, so an undo may put other stores in the place of the present ones.
    """
    goal = replay.goal_of(present(), query)
    before = at = present().positions().get(query.model, goal)
    give_up = time.monotonic() + limits.MAX_WAIT_SECONDS
    while at < goal:
        left = give_up - time.monotonic()
        if left <= 0 or not progressed.wait(left):
            break
        # An undo meanwhile may have taken back what was waited for.
        goal = min(goal, present().write.head())
        at = present().positions().get(query.model, goal)
    if at >= goal:
        return at - before, None
    wanted = "your receipt" if query.via == "token" else "the head"
    return at - before, (
        f"gave up after {limits.MAX_WAIT_SECONDS:g} s: {query.model} stands at #{at}, {wanted} is #{goal}"
    )
