"""The process in which foreign SQL runs: it reads requests from stdin and answers on stdout until stdin ends.

Whatever a statement does to this process, the server goes on: see ``lab.guard.keeper``.
"""

import math
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from lab.guard import policy
from lab.guard.canaries import sing
from lab.guard.looking import read
from lab.guard.messages import Check, Deliver, Make, Patch, Read, Ready, Rehearse, Reply, Request, Sing, Steps, get, put
from lab.guard.own_file import check
from lab.guard.patching import patch
from lab.guard.projecting import deliver, make, steps
from lab.guard.rehearsing import rehearse


def main() -> None:
    """Answer requests until the server closes stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sqlite3.connect(":memory:").execute(f"PRAGMA hard_heap_limit = {policy.HEAP_BYTES}").close()
    _limit("AS", policy.ADDRESS_BYTES)
    _limit("FSIZE", policy.FILE_BYTES)
    _limit("CORE", 0)
    put(sys.stdout.buffer, Ready())
    while (request := get(sys.stdin.buffer, Request)) is not None:
        # So long may one request compute, should nobody be left to stop it.
        _limit("CPU", math.ceil(time.process_time()) + policy.CPU_SECONDS)
        for reply in answer(request):
            put(sys.stdout.buffer, reply)


def _limit(name: str, value: int) -> None:
    """Set a limit of the operating system, where it has that one."""
    if sys.platform != "win32":
        import resource

        with suppress(OSError, ValueError):
            what = getattr(resource, f"RLIMIT_{name}")
            resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


ANSWERS: dict[type[Any], Callable[[Any], Reply]] = {
    Patch: patch,
    Steps: steps,
    Check: check,
    Rehearse: rehearse,
    Make: make,
    Deliver: deliver,
    Sing: lambda request: sing(),
}


def answer(request: Request) -> Iterator[Reply]:
    """Answer a request: a reply for each statement of a Read, one for any other."""
    if isinstance(request, Read):
        yield from read(request)
    else:
        yield ANSWERS[type(request)](request)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        # The server is gone; nothing is left to be said, not even that.
        os._exit(0)
