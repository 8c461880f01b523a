"""Sandboxes on a disk that gets full, in processes of their own: ``python -m tests.lab.filling BYTES=ROOT ...``.

No file may grow beyond so many bytes (RLIMIT_FSIZE), which SQLite sees as a disk without room. Each process says in
JSON what it was told of each command, by id, and dies without closing anything.
"""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from lab.carry_out import Busy, Unsure
from lab.sandbox import Sandbox
from tests.audit import audit
from tests.lab.sandboxes import mould

LINES = 120
FULL_ENOUGH = 6

Told = dict[str, tuple[str, int | None]]


def lines(number: int) -> list[str]:
    return [
        f"cmd place_order customer=c1 lines=mug:1 order=o{number} id=a{number}",
        f"cmd restock product=mug qty=9 id=b{number}",
        f"cmd place_order customer=c2 lines=rug:9 order=p{number} id=c{number}",
        "step order_list 2",
    ]


def fill(sandbox: Sandbox) -> Told:
    """Send lines until the disk has been full for a while; what is raised is what the server answers with 503."""
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
        if full >= FULL_ENOUGH:
            break
    return told


def fill_disks(folder: Path, sizes: Sequence[int]) -> Iterator[tuple[Path, Told]]:
    """Fill one disk of each size; return where the sandbox is, and what its client was told."""
    roots = [Path(shutil.copytree(mould("manual"), folder / str(size))) for size in sizes]
    arguments = [f"{size}={root}" for size, root in zip(sizes, roots, strict=True)]
    filled = subprocess.run(
        [sys.executable, "-m", "tests.lab.filling", *arguments], capture_output=True, text=True, check=True
    )
    for root, text in zip(roots, filled.stdout.splitlines(), strict=True):
        yield root, {name: (outcome, position) for name, (outcome, position) in json.loads(text).items()}


def untrue(root: Path, told: Told) -> Iterator[str]:
    """Now that there is room again: what was told and is not so."""
    with closing(Sandbox(root)) as sandbox:
        again = sandbox.act("cmd restock product=lamp qty=1")
        if again.outcome != "accepted":
            yield f"does not go on: {again.reason}"
        kept = {name for (name,) in sandbox.write.connection.execute("SELECT command_id FROM commands")}
    yield from (f"phantom: {name}" for name, (outcome, _) in told.items() if outcome == "failed" and name in kept)
    decided = {name: answer for name, answer in told.items() if answer[0] in ("accepted", "refused")}
    yield from audit(root, decided, {}).problems


def main() -> None:
    """Fill the disks that the arguments name, each in a process of its own."""
    for argument in sys.argv[1:]:
        size, root = argument.split("=", 1)
        child = os.fork()
        if child == 0:
            sandbox = Sandbox(Path(root))
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
            print(json.dumps(fill(sandbox)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
