"""How often a stream may send."""

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
