"""Not too many requests of one visitor at once: each holds a thread of the server, and all the others need some too."""

import threading
from collections import Counter

from flask import Flask, g, request, session

from lab import limits

FREE = {"static", "live.stream"}
"""What holds up nobody, and what is counted in its own way."""


class TooManyAtOnce(Exception):
    """A visitor has enough requests under way; nothing was done."""


class Doors:
    """Counts the requests that are inside, by visitor."""

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Let a request of somebody who has a sandbox in, or raise TooManyAtOnce."""
        mine = session.get("sandboxes") if request.endpoint not in FREE else None
        if not mine:
            return
        who: str = min(mine.values())
        with self._lock:
            if self._inside[who] >= limits.MAX_REQUESTS_AT_ONCE:
                raise TooManyAtOnce
            self._inside[who] += 1
        g.inside = who

    def leave(self, error: BaseException | None) -> None:
        """Count a request that is over."""
        who = g.pop("inside", None)
        if who is not None:
            with self._lock:
                self._inside[who] -= 1
                if not self._inside[who]:
                    del self._inside[who]


def watch(app: Flask) -> None:
    """Count the requests of an application."""
    doors = Doors()
    app.before_request(doors.enter)
    app.teardown_request(doors.leave)
