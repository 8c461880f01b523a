"""Harm done to the closed files of a sandbox, and whether it was noticed."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cqrs.sql import connect_read_only
from lab import damage
from lab.damage import Damaged
from lab.sandbox import Sandbox

LINES = (
    "cmd place_order customer=c1 lines=lamp:2,mug:1",
    "cmd place_order customer=c1 product=rug qty=5",
    "bulk 30",
    "cmd cancel_order order=o-1",
    "cmd change_price product=mug price=900 expect=7",
    "model drop customer_card",
    "run",
    "pause sales",
    "bulk 3",
    "run order_list",
)


class Used(NamedTuple):
    """A sandbox that was used and closed, and what was in it."""

    root: Path
    fingerprint: str
    events: int

    def file(self, name: str, root: Path | None = None) -> Path:
        return (root or self.root) / "1" / name


def use(folder: Path, *lines: str) -> Used:
    """Make a sandbox, use it and close it."""
    with closing(Sandbox.create(folder / "sandbox", clock="manual")) as sandbox:
        for line in lines or LINES:
            assert sandbox.act(line).outcome in ("accepted", "refused", "done")
        sandbox.act("query order_list")
        return Used(sandbox.root, sandbox.stores.fingerprint(), sandbox.write.head())


def flip(path: Path, chance: random.Random) -> None:
    """Flip one bit somewhere; in the first hundred bytes, the header, more often than its size would have it."""
    content = bytearray(path.read_bytes())
    at = chance.randrange(100 if chance.random() < 0.1 else len(content))
    content[at] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def flipped(path: Path, other: Path, chance: random.Random) -> None:
    flip(path, chance)


def cut_short(path: Path, other: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def gone(path: Path, other: Path, chance: random.Random) -> None:
    path.unlink()


def swapped(path: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(other / path.name, path)


def stale_wal(path: Path, other: Path, chance: random.Random) -> None:
    """Put beside a store the -wal of the same store at another time, which SQLite would take for its own."""
    with closing(sqlite3.connect(other / path.name, isolation_level=None)) as elsewhere:
        elsewhere.execute("PRAGMA journal_mode = WAL")
        elsewhere.execute("CREATE TABLE IF NOT EXISTS foreign_rows (number)")
        elsewhere.execute("INSERT INTO foreign_rows VALUES (?)", (chance.random(),))
        shutil.copy(other / f"{path.name}-wal", path.with_name(f"{path.name}-wal"))


Harm = Callable[[Path, Path, random.Random], None]

HARM: dict[Harm, str] = {
    flipped: "was damaged or replaced and was made again from the event log",
    cut_short: "was damaged or replaced and was made again from the event log",
    gone: "was gone and was made again from the event log",
    swapped: "was damaged or replaced and was made again from the event log",
    stale_wal: "was damaged or replaced and was made again from the event log",
}


def harm_read_stores(used: Used, other: Path, harm: Harm, cases: int, seed: int) -> Iterator[str]:
    """Harm copies of a sandbox's read.db; tell what was not noticed, or not made again as it was."""
    chance = random.Random(seed)
    for case in range(cases):
        root = shutil.copytree(used.root, used.root.parent / f"{harm.__name__}-{case}")
        harm(used.file("read.db", root), other, chance)
        with closing(Sandbox(root)) as sandbox:
            said = sandbox.state()["read_made_again"]
            if (said, sandbox.stores.fingerprint()) != (HARM[harm], used.fingerprint):
                yield f"{harm.__name__}, case {case}: {said}"
        shutil.rmtree(root)


def flip_write_stores(used: Used, scratch: Path, flips: int, seed: int) -> tuple[int, list[str]]:
    """Flip a bit in copies of a write.db; return how many froze their sandbox, and what was silent or touched."""
    chance, wrong, damaged = random.Random(seed), [], 0
    with closing(connect_read_only(used.file("write.db"))) as connection:
        before = list(connection.iterdump())
    for case in range(flips):
        root = shutil.copytree(used.root, scratch / f"flip-{case}")
        file = used.file("write.db", root)
        flip(file, chance)
        content = file.read_bytes()
        try:
            with closing(Sandbox(root)) as sandbox:
                if sandbox.state()["write_changed"] != damage.SOUND:
                    wrong.append(f"flip {case} was not noticed")
                if list(sandbox.write.connection.iterdump()) != before:
                    wrong.append(f"flip {case} changed the rows")
                if sandbox.act("cmd restock product=mug qty=1").outcome != "accepted":
                    wrong.append(f"flip {case} was found harmless, and the sandbox does not go on")
                if sandbox.write.connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    wrong.append(f"flip {case} was found harmless, and SQLite finds harm")
        except Damaged:
            damaged += 1
            if file.read_bytes() != content or not used.file("seal.json", root).exists():
                wrong.append(f"flip {case} froze the sandbox, and it was touched")
        shutil.rmtree(root)
    return damaged, wrong
