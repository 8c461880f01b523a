"""The folder of a sandbox: one subfolder a generation of its stores, and the newest is the one that counts."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from lab import replay
from lab.carry_out import Answer, finish_again
from lab.clock import Clock, ManualClock, RealClock, from_iso
from lab.journal import Journal
from lab.stores import Stores

UNFINISHED = "next"
"""Where a generation is built; in one rename it gets its number, and is there."""


def first(root: Path, transcript: replay.Transcript, setup: Iterable[str]) -> None:
    """Make the first generation of a folder by replaying a transcript."""
    _build(root, transcript, setup)
    (root / UNFINISHED).rename(root / "1")


def newest(root: Path) -> Stores:
    """Open the newest generation, clear away what a crash left, and finish the lines that were under way."""
    generations = sorted((int(path.name) for path in root.iterdir() if path.name.isdigit()), reverse=True)
    for stale in [*map(str, generations[1:]), UNFINISHED]:
        shutil.rmtree(root / stale, ignore_errors=True)
    stores = Stores(root / str(generations[0]), ManualClock(0))
    stores.clock = _clock_of(stores.journal)
    for entry in stores.journal.entries(unfinished=True):
        finish_again(stores, entry)
    return stores


def follow(stores: Stores, transcript: replay.Transcript, setup: Iterable[str]) -> list[Answer]:
    """Close stores, and make the generation after theirs by a transcript; return its answers.

    Raise BadLine for a line that is none; the stores then stay open, and the newest.
    """
    root, generation = stores.folder.parent, int(stores.folder.name)
    answers = _build(root, transcript, setup)
    stores.close()
    (root / UNFINISHED).rename(root / str(generation + 1))
    return answers


def _build(root: Path, transcript: replay.Transcript, setup: Iterable[str]) -> list[Answer]:
    folder = root / UNFINISHED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return list(replay.build(folder, transcript, setup))


def _clock_of(journal: Journal) -> Clock:
    """Return a clock that goes on after the journal's last reading."""
    last = journal.last_reading()
    reading = from_iso(last) + 1000 if last else 0
    return RealClock(reading) if journal.setting("clock") == "real" else ManualClock(reading)
