"""Who keeps the guard's workers, by the same clock as they: what a worker has computed."""

import sys
from collections.abc import Callable
from typing import Any

from lab.guard import keeper, ordeal
from lab.guard.keeper import Worker


def unhurry(put: Callable[[Any, str, Any], object]) -> None:
    """Let the workers that this process starts be unhurried ones, and none be ended because the machine is busy."""
    put(keeper, "COMMAND", (sys.executable, "-m", "tests.lab.guard.unhurried"))
    put(Worker, "_now", lambda worker: ordeal.computed(worker.process.pid))
