"""How often streams may send, and how much time drawing for them may take."""

import threading

from lab import limits

AT_ONCE = 2
REFILL_SECONDS = 1 / (limits.MAX_MESSAGES_PER_SECOND - AT_ONCE)


class Throttle:
    """Lets the first two messages through at once (a command, and what the projector made of it), then spaces them.

    Two at once and eight a second after them make at most ten in any second.
    """

    def __init__(self, now: float) -> None:
        self._tokens = float(AT_ONCE)
        self._at = now

    def seconds_after_sending(self, now: float) -> float:
        """Count a message that was just sent; return how long to wait before the next."""
        self._tokens = min(AT_ONCE, self._tokens + (now - self._at) / REFILL_SECONDS) - 1
        self._at = now
        return max(0.0, 1 - self._tokens) * REFILL_SECONDS


class Budget:
    """How much time drawing panels may take, all streams together, so that commands are never crowded out.

    One learner alone never notices. When many are busy at once, their messages come less often and say more:
    the time counted is the clock's, so a drawing that had to share the processor with commands costs more.
    """

    def __init__(self, now: float) -> None:
        self._saved = limits.DRAWING_SAVED_SECONDS
        self._at = now
        self._lock = threading.Lock()

    def spend(self, seconds: float, now: float) -> None:
        """Count time that was just spent on drawing."""
        with self._lock:
            self._saved = min(limits.DRAWING_SAVED_SECONDS, self._earned(now)) - seconds
            self._at = now

    def seconds_to_wait(self, now: float) -> float:
        """Return how long to wait before drawing again."""
        return max(0.0, -self._earned(now) / limits.DRAWING_SHARE)

    def _earned(self, now: float) -> float:
        return self._saved + (now - self._at) * limits.DRAWING_SHARE
