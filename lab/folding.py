"""A sandbox folded: its stores put away as their transcript, a short text that leads to the same stores again."""

import shutil
from contextlib import closing
from pathlib import Path

from lab import replay
from lab.sandbox import Sandbox

TRANSCRIPT = "transcript.txt"
"""The file in the folder of a folded sandbox; while it is there, nothing else counts."""


def is_folded(folder: Path) -> bool:
    """Tell whether the sandbox in a folder is folded."""
    return (folder / TRANSCRIPT).exists()


def fold(folder: Path) -> None:
    """Fold the closed sandbox in a folder. Cut short at any point, it is folded or it is not."""
    with closing(Sandbox(folder)) as sandbox:
        text = replay.export(sandbox.stores)
    unfinished = folder / f"{TRANSCRIPT}.unfinished"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(folder / TRANSCRIPT)
    _clear(folder)


def unfold(folder: Path) -> Sandbox:
    """Replay the folded sandbox in a folder, and open it."""
    _clear(folder)
    text = (folder / TRANSCRIPT).read_text(encoding="utf-8")
    sandbox = Sandbox.load(folder, replay.read(text))
    (folder / TRANSCRIPT).unlink()
    return sandbox


def _clear(folder: Path) -> None:
    """Remove the stores; the small files beside them stay."""
    for inner in folder.iterdir():
        if inner.is_dir():
            shutil.rmtree(inner)
