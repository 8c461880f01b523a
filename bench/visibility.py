"""B4: how long after its commit an event can be read, when nothing else is going on.

One instrument for both: the clock starts when the event has been committed and before anyone is told,
and stops when a connection of the reader's own has seen the row. The reader sleeps until the projecting thread
has committed.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.driver import Driver
from bench.instrument import Measure
from bench.peer import EVENTS_FILE, SALES_FILE, PeerSystem, environment, placed
from bench.shop import NOW, open_shop, order
from cqrs.read.projection import built_in
from cqrs.sql import connect_read_only
from cqrs.write.handlers import handle

SAMPLES = 200
IDLE_SECONDS = 0.003


def ours(folder: Path) -> float:
    """Return milliseconds from a command's commit to its sale in the read model, p50."""
    store = open_shop(folder / "write.db")
    visible = threading.Event()
    driver = Driver(folder, [built_in()["sales"]], applied=visible.set)

    def commit(number: int) -> float:
        handle(store, order(number), command_id=f"k{number}", now=NOW.format(day=1))
        committed = time.perf_counter()
        driver.tell()
        return committed

    milliseconds = _p50(commit, visible, folder / "read.db", "SELECT sum(units) FROM sales")
    driver.finish()
    store.close()
    return milliseconds


def peer(folder: Path) -> float:
    """Return the same of the peer, its own runner waking its own follower."""
    visible = threading.Event()
    system = PeerSystem(environment(folder), applied=visible.set)

    def commit(number: int) -> float:
        system.shop.save(placed(order(number)))
        return system.shop.committed

    milliseconds = _p50(commit, visible, folder / SALES_FILE, "SELECT sum(units) FROM sales")
    system.stop()
    assert (folder / EVENTS_FILE).exists()
    return milliseconds


def _p50(commit: Callable[[int], float], visible: threading.Event, file: Path, count: str) -> float:
    reader = connect_read_only(file)
    times = []
    for number in range(SAMPLES):
        time.sleep(IDLE_SECONDS)
        visible.clear()
        committed = commit(number)
        while not visible.wait(1) or reader.execute(count).fetchone()[0] != number + 1:
            visible.clear()
        times.append(time.perf_counter() - committed)
    reader.close()
    return 1000 * median(times)


MEASURES = (Measure("B4", "commit to visible, p50", "at-most", 0.4, ours, peer, unit="ms"),)
