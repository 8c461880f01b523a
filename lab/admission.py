"""How many new sandboxes one address may have in a while."""

import ipaddress
import threading
from collections.abc import Callable

from lab import limits


class TooMany(Exception):
    """An address has made too many sandboxes; after ``seconds`` it may make another."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"at most {limits.MAX_NEW_SANDBOXES_PER_ADDRESS} new sandboxes a minute from one address")
        self.seconds = seconds


class Admission:
    """Counts new sandboxes by public address; a private one may stand for a whole class, and is not counted."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._made: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def admit(self, address: str) -> None:
        """Count a new sandbox, or raise TooMany."""
        if not ipaddress.ip_address(address).is_global:
            return
        with self._lock:
            self._forget(self._now() - limits.NEW_SANDBOXES_WINDOW_SECONDS)
            made = self._made.setdefault(address, [])
            if len(made) >= limits.MAX_NEW_SANDBOXES_PER_ADDRESS:
                raise TooMany(made[0] + limits.NEW_SANDBOXES_WINDOW_SECONDS - self._now())
            made.append(self._now())

    def _forget(self, before: float) -> None:
        for address, made in list(self._made.items()):
            made[:] = [moment for moment in made if moment > before]
            if not made:
                del self._made[address]
