"""Sandboxes on a disk that gets full: ``python -m tests.lab.filling ROOT BYTES``, as a process of its own.

No file may grow beyond so many bytes (RLIMIT_FSIZE), which SQLite sees as a disk without room. The process says in
JSON what it was told of each line, by command id, and dies without closing anything.
"""

import json
import os
import resource
import sqlite3
import sys
from pathlib import Path

from lab.carry_out import Busy, Unsure
from lab.sandbox import Sandbox

LINES = 120
REFUSALS = 6

Told = dict[str, tuple[str, int | None]]


def lines(number: int) -> list[str]:
    return [
        f"cmd place_order customer=c1 lines=mug:1 order=o{number} id=a{number}",
        f"cmd restock product=mug qty=9 id=b{number}",
        f"cmd place_order customer=c2 lines=rug:9 order=p{number} id=c{number}",
        "step order_list 2",
    ]


def fill(sandbox: Sandbox) -> Told:
    """Send lines until the disk has been full for a while; an exception is the server's "nothing was done"."""
    told: Told = {}
    full = 0
    for number in range(LINES):
        for line in lines(number):
            try:
                answer = sandbox.act(line)
                outcome, position = answer.outcome, answer.position
            except Unsure:
                outcome, position = "unsure", None
            except (sqlite3.OperationalError, Busy):
                outcome, position = "failed", None
            full += outcome in ("failed", "unsure")
            if " id=" in line:
                told[line.split("id=")[1]] = (outcome, position)
        if full >= REFUSALS:
            break
    return told


if __name__ == "__main__":
    opened = Sandbox(Path(sys.argv[1]))
    size = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    print(json.dumps(fill(opened)), flush=True)
    os._exit(0)
