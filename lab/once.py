"""Reading once: while nobody can change a sandbox, what is asked again and again is read from its files once.

Nothing is remembered at any other time, so there is nothing that an undo, a rollback or a crash could make untrue.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class HeldStill(Exception):
    """Something was about to change that is held still: a mistake of the program."""


class Once:
    """What was read since the files are held still; nothing while they are not."""

    def __init__(self) -> None:
        self._known: dict[str, Any] | None = None

    @property
    def holding(self) -> bool:
        """Tell whether the files are held still."""
        return self._known is not None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the files still. Whoever does has the sandbox's lock, and changes nothing meanwhile."""
        before = self._known
        self._known = {} if before is None else before
        try:
            yield
        finally:
            self._known = before

    def __call__(self, what: str, read: Callable[[], T]) -> T:
        """Return what was read of this name while the files are held still, or read it now."""
        known = self._known
        if known is None:
            return read()
        if what not in known:
            known[what] = read()
        found: T = known[what]
        return found

    def check(self) -> None:
        """Raise HeldStill if the files are held still: to be called before anything changes."""
        if self.holding:
            raise HeldStill
