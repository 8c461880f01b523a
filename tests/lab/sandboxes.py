"""What the tests of the laboratory share: sandboxes, a clock that a test holds, a transcript's fingerprint."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from lab import replay
from lab.sandbox import Sandbox


class HeldClock:
    """A real clock's behaviour, with a hand that only the test moves."""

    kind = "real"

    def __init__(self, start: int) -> None:
        self.reading = start

    def now(self) -> int:
        return self.reading

    def pass_time(self, milliseconds: int) -> None:
        pass

    def move(self, seconds: float) -> None:
        self.reading += int(seconds * 1_000_000)


def hold(sandbox: Sandbox) -> HeldClock:
    """Put a held clock in the place of a sandbox's real one."""
    clock = HeldClock(sandbox.stores.clock.now())
    sandbox.stores.clock = clock
    return clock


def let_run(sandbox: Sandbox, clock: HeldClock, steps: int = 1_000_000) -> None:
    """Do what is due, moment after moment, until nothing is or so many steps are done."""
    while steps:
        due = {own: seconds for own in (False, True) if (seconds := sandbox.due(own=own)) is not None}
        if not due:
            return
        own = min(due, key=due.__getitem__)
        clock.move(due[own] + 0.000_001)
        sandbox.advance(own=own)
        steps -= 1


def replayed(sandbox: Sandbox) -> str:
    """Export a sandbox, load the export in another folder, and take the fingerprint there."""
    text = replay.export(sandbox.stores)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Sandbox.load(Path(folder) / "again", replay.read(text))) as again,
    ):
        return again.stores.fingerprint()


def without_syncing(sandbox: Sandbox) -> None:
    """Do not wait for the disk: what a test that cuts no power can do without."""
    stores = sandbox.stores
    for connection in (stores.write.connection, stores.read.connection, stores.journal.connection):
        connection.execute("PRAGMA synchronous = OFF")


@cache
def mould(clock: Literal["real", "manual"]) -> Path:
    """A closed sandbox to copy: much quicker than making another."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    Sandbox.create(folder / "sandbox", clock=clock).close()
    return folder / "sandbox"


@contextmanager
def fresh(clock: Literal["real", "manual"] = "manual") -> Iterator[Sandbox]:
    """A sandbox in a folder of its own, for tests that need many."""
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(mould(clock), Path(folder) / "sandbox")
        with closing(Sandbox(root)) as sandbox:
            yield sandbox
