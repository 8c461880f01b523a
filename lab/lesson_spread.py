"""Work on lessons, spread over the processors of the machine."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def spread(work: Callable[[Item], Found], items: Sequence[Item]) -> Iterator[Found]:
    """Do a work for each item, as many at once as there are processors, and yield what it found, in order."""
    together = min(len(items), os.cpu_count() or 1)
    if together < 2:
        yield from map(work, items)
        return
    # Spawned, because a fork would share threads and workers of the guard with its parent.
    with ProcessPoolExecutor(together, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, items)
