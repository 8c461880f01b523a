"""What drives the projector while commands come in: a thread that sleeps until it is told of a commit."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cqrs.read.projection import Projection
from cqrs.read.projector import catch_up
from cqrs.read.store import ReadStore
from cqrs.write.store import WriteStore

BATCH = 100


class Driver(threading.Thread):
    """Keeps read models up, on connections of its own; ``gather`` is the delay that it is given."""

    def __init__(
        self,
        folder: Path,
        projections: Iterable[Projection],
        gather: float = 0.0,
        applied: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(daemon=True)
        self._log = WriteStore(folder / "write.db")
        self._read = ReadStore(folder / "read.db")
        self._projections = list(projections)
        self._gather = gather
        self._applied = applied
        self._told = threading.Event()
        self._ending = False
        for projection in self._projections:
            self._read.add(projection)
        while self._catch_up():
            pass
        self.start()

    def tell(self) -> None:
        """Say that an event has been committed."""
        self._told.set()

    def finish(self) -> None:
        """Apply what is left, then end."""
        self._ending = True
        self.tell()
        self.join()
        while self._catch_up():
            pass
        self._read.close()
        self._log.close()

    def run(self) -> None:
        while not self._ending:
            self._told.wait()
            if self._gather and not self._ending:
                time.sleep(self._gather)
            self._told.clear()
            while self._catch_up() >= BATCH:
                pass  # a full batch: there may be more
            self._applied()

    def _catch_up(self) -> int:
        return catch_up(self._read, self._projections, self._log.events_after, BATCH)
