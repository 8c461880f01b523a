"""How every figure is taken: ours and the peer in turn, in a fresh folder each time, medians at the end."""

import atexit
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple

# Many short rounds, so that whatever else the machine does falls on both sides alike.
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))


class Measure(NamedTuple):
    """One line of the benchmark. Both sides return the same kind of figure, taken in the folder they get."""

    number: str
    what: str
    goal: Literal["at-least", "at-most"]
    target: float
    ours: Callable[[Path], float]
    peer: Callable[[Path], float]
    unit: str = "/s"
    rounds: int = ROUNDS


def take(measure: Measure) -> str:
    """Measure both sides in turn and return the line that says how they compare."""
    ours, peer = [], []
    for _ in range(measure.rounds):
        ours.append(_once(measure.ours))
        peer.append(_once(measure.peer))
    figures = f"{median(ours):,.2f} against {median(peer):,.2f} {measure.unit}"
    print(f"   {measure.number} {measure.what}: {figures}", file=sys.stderr)
    return f"{measure.number} {median(ours) / median(peer):.2f} {measure.goal} {measure.target:.2f}"


def _once(side: Callable[[Path], float]) -> float:
    with tempfile.TemporaryDirectory(prefix="lagoon-bench-") as folder:
        return side(Path(folder))


def lasting_folder() -> Path:
    """Return a folder for what all rounds read, removed at the end of the run."""
    folder = tempfile.mkdtemp(prefix="lagoon-bench-")
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


class Stopwatch:
    """The seconds spent inside ``with watch():``."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start
