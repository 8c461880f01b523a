"""The background: it moves every sandbox whose clock is real, when it is due and not before.

Nothing is polled. A sandbox that changed says when it is next due; a worker sleeps until the earliest. There are two
workers. The second is for the read models of learners' own, in turns: see ``lab.own_motion``. However slow one is,
nothing else waits for it, and of these each other sandbox only for a turn.
"""

import heapq
import logging
import math
import threading
import time
from collections.abc import Callable

from lab import limits
from lab.damage import Damaged
from lab.sandbox import Sandbox
from lab.shelf import Shelf

log = logging.getLogger(__name__)

SWEEP = "the shelf"
PATIENCE_SECONDS = 0.02
BUSY_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0


class Schedule:
    """Who is due when, the earliest first; each name at most once."""

    def __init__(self) -> None:
        self._when: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def put(self, name: str, when: float) -> None:
        """Let a name be due at a time, or earlier if it already is."""
        if when < self._when.get(name, math.inf):
            self._when[name] = when
            heapq.heappush(self._heap, (when, name))

    def earliest(self) -> float:
        """Return the time of the first entry, infinity if there is none."""
        while self._heap and self._when.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf

    def take(self) -> str:
        """Take the first entry out."""
        self.earliest()
        name = heapq.heappop(self._heap)[1]
        del self._when[name]
        return name


class Worker:
    """Serves all sandboxes by one thread; with ``own`` only the learners' own read models in them."""

    def __init__(self, shelf: Shelf, now: Callable[[], float] = time.monotonic, *, own: bool = False) -> None:
        self._shelf = shelf
        self._now = now
        self._own = own
        self._schedule = Schedule()
        if not own:
            self._schedule.put(SWEEP, now())
        self._backoff: dict[str, float] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="own worker" if own else "worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def look(self, sandbox_id: str, sandbox: Sandbox) -> None:
        """Note when a sandbox is next due; to be called whenever it changed."""
        seconds = sandbox.due(own=self._own)
        if seconds is not None:
            self._put(sandbox_id, seconds)

    def work_off(self) -> None:
        """Do everything that is due by now."""
        while (name := self._take()) is not None:
            try:
                self._serve(name)
                self._backoff.pop(name, None)
            except Damaged:
                self._backoff.pop(name, None)
            except Exception:
                log.exception("%s could not go on by itself", name)
                seconds = self._backoff.get(name, FIRST_BACKOFF_SECONDS)
                self._backoff[name] = min(2 * seconds, LONGEST_BACKOFF_SECONDS)
                self._put(name, seconds)

    def until_next(self) -> float:
        """Return the seconds until something is due."""
        return max(0.0, self._schedule.earliest() - self._now())

    def _put(self, name: str, seconds: float) -> None:
        with self._changed:
            self._schedule.put(name, self._now() + seconds)
            self._changed.notify()

    def _take(self) -> str | None:
        with self._changed:
            if self._stopping or self._schedule.earliest() > self._now():
                return None
            return self._schedule.take()

    def _serve(self, name: str) -> None:
        if name == SWEEP:
            self._put(SWEEP, self._shelf.sweep())
            return
        with self._shelf.open(name, visit=False) as sandbox:
            # A page being drawn is worth waiting for; a long action must not hold up the other sandboxes.
            if not sandbox.lock.acquire(timeout=PATIENCE_SECONDS):
                self._put(name, BUSY_SECONDS)
                return
            try:
                self._advance(name, sandbox)
            finally:
                sandbox.lock.release()

    def _advance(self, sandbox_id: str, sandbox: Sandbox) -> None:
        shopping = not self._own and sandbox.lab.setting("traffic", "0") != "0"
        if shopping and self._shelf.unseen(sandbox_id) > limits.TRAFFIC_UNSEEN_SECONDS:
            sandbox.act("traffic off", origin="traffic")
        sandbox.advance(own=self._own)
        self.look(sandbox_id, sandbox)

    def _work(self) -> None:
        while not self._stopping:
            self.work_off()
            with self._changed:
                seconds = self.until_next()
                if seconds and not self._stopping:
                    self._changed.wait(min(seconds, threading.TIMEOUT_MAX))


class Workers:
    """Both workers of a server."""

    def __init__(self, shelf: Shelf) -> None:
        self._both = Worker(shelf), Worker(shelf, own=True)

    def start(self) -> None:
        """Begin to work."""
        for worker in self._both:
            worker.start()

    def stop(self) -> None:
        """Finish what is under way, and end."""
        for worker in self._both:
            worker.stop()

    def look(self, sandbox_id: str, sandbox: Sandbox) -> None:
        """Note when a sandbox is next due; to be called whenever it changed."""
        for worker in self._both:
            worker.look(sandbox_id, sandbox)
