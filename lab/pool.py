"""The open sandboxes: one object each, not too many, and none closed while somebody uses it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from lab import limits
from lab.sandbox import Sandbox


class Crowded(Exception):
    """Every open sandbox is in use, so no other can be opened just now."""


class _Place:
    """A place in the pool; it holds no sandbox while one is being opened or closed."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None
        self.users = 0


class Pool:
    """Keeps up to ``cap`` sandboxes open; the one unused for longest gives way."""

    def __init__(self, open_sandbox: Callable[[str], Sandbox], cap: int = limits.MAX_OPEN_SANDBOXES) -> None:
        self._open_sandbox = open_sandbox
        self._cap = cap
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._places)

    @contextmanager
    def use(self, name: str) -> Iterator[Sandbox]:
        """Lend the one sandbox of that name, opened if it is not; raise Crowded if there is no room."""
        place, sandbox = self._borrow(name)
        try:
            yield sandbox
        finally:
            with self._changed:
                place.users -= 1
                self._changed.notify_all()

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Close the sandbox of that name and keep everybody out of it, so that its files can change."""
        deadline = time.monotonic() + limits.OPENING_WAIT_SECONDS
        with self._changed:
            while (place := self._places.get(name)) and (place.users or place.sandbox is None):
                self._wait(deadline)
            sandbox = place.sandbox if place else None
            self._places[name] = _Place()
        try:
            if sandbox is not None:
                sandbox.close()
            yield
        finally:
            self._remove(name)

    def close(self) -> None:
        """Close every sandbox that comes free in time; one that is used to the end loses nothing by that."""
        for name in list(self._places):
            with suppress(Crowded), self.without(name):
                pass

    def _borrow(self, name: str) -> tuple[_Place, Sandbox]:
        deadline = time.monotonic() + limits.OPENING_WAIT_SECONDS
        while True:
            with self._changed:
                place = self._places.get(name)
                if place is not None and place.sandbox is not None:
                    place.users += 1
                    self._places.move_to_end(name)
                    return place, place.sandbox
                if place is None and len(self._places) < self._cap:
                    self._places[name] = _Place()
                    break
                unused = self._longest_unused() if place is None else None
                if unused is None:
                    self._wait(deadline)
            if unused is not None:
                with self.without(unused):
                    pass
        return self._fill(name)

    def _fill(self, name: str) -> tuple[_Place, Sandbox]:
        try:
            sandbox = self._open_sandbox(name)
        except BaseException:
            self._remove(name)
            raise
        with self._changed:
            place = self._places[name]
            place.sandbox, place.users = sandbox, 1
            self._changed.notify_all()
        return place, sandbox

    def _longest_unused(self) -> str | None:
        return next((name for name, place in self._places.items() if place.sandbox and not place.users), None)

    def _wait(self, deadline: float) -> None:
        if not self._changed.wait(deadline - time.monotonic()):
            raise Crowded("every open sandbox is in use")

    def _remove(self, name: str) -> None:
        with self._changed:
            del self._places[name]
            self._changed.notify_all()
