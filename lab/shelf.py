"""The shelf of all sandboxes: each is a folder under home, made from a mould, opened when somebody comes.

A sandbox that nobody visits is folded to its transcript, a short text; the next visit replays it.
"""

import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from lab import limits, replay
from lab.admission import Admission
from lab.pool import Pool
from lab.sandbox import Sandbox

log = logging.getLogger(__name__)


class NoSuchSandbox(Exception):
    """There is no sandbox of that id, or there is no longer one."""


class DiskFull(Exception):
    """The disk is too full for anything to change."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a sandbox starts from."""

    name: str = "play"
    fixture: str = "shop"
    clock: Literal["real", "manual"] = "real"
    setup: tuple[str, ...] = replay.FREE_PLAY


FREE_PLAY = Recipe()


def _free_bytes(home: Path) -> int:
    return shutil.disk_usage(home).free


class Shelf:
    """Makes sandboxes, lends them, and folds and deletes them when their time has come."""

    def __init__(
        self,
        home: Path,
        *,
        cap: int = limits.MAX_OPEN_SANDBOXES,
        now: Callable[[], float] = time.time,
        free_bytes: Callable[[Path], int] = _free_bytes,
    ) -> None:
        self._home = home
        self._now = now
        self._free_bytes = free_bytes
        self._pool = Pool(self._open, cap)
        self._admission = Admission(now)
        self._lock = threading.RLock()
        self._moulds: dict[str, Path] = {}
        self.on_open: Callable[[str, Sandbox], None] = lambda sandbox_id, sandbox: None
        self.on_change: Callable[[str, Sandbox], None] = lambda sandbox_id, sandbox: None
        for name in ("pristine", "making"):
            shutil.rmtree(home / name, ignore_errors=True)
        for name in ("pristine", "making", "sandboxes", "folded"):
            (home / name).mkdir(parents=True, exist_ok=True)
        # When each was last visited; on disk, the time of its folder or file says so.
        self._folded = {path.stem: path.stat().st_mtime for path in (home / "folded").glob("*.txt")}
        self._unfolded: dict[str, float] = {}
        for folder in (home / "sandboxes").iterdir():
            if folder.name in self._folded:
                shutil.rmtree(folder)
            else:
                self._unfolded[folder.name] = folder.stat().st_mtime

    # Lending

    @contextmanager
    def open(self, sandbox_id: str, *, visit: bool = True) -> Iterator[Sandbox]:
        """Lend the one object of a sandbox; raise NoSuchSandbox, or Crowded when there is no room to open it."""
        if visit:
            self.visit(sandbox_id)
        with self._pool.use(self._name(sandbox_id)) as sandbox:
            yield sandbox

    @contextmanager
    def pristine(self, recipe: Recipe = FREE_PLAY) -> Iterator[Sandbox]:
        """Lend a sandbox to look at, for those who have none of their own yet."""
        self._mould(recipe)
        with self._pool.use(f"pristine/{recipe.name}/shown") as sandbox:
            yield sandbox

    def visit(self, sandbox_id: str) -> None:
        """Note that somebody is looking at a sandbox, so that it is kept; raise NoSuchSandbox if it is gone."""
        with self._lock:
            visits = self._folded if sandbox_id in self._folded else self._unfolded
            if sandbox_id not in visits:
                raise NoSuchSandbox(sandbox_id)
            now = visits[sandbox_id] = self._now()
            path = self._transcript(sandbox_id) if visits is self._folded else self._folder(sandbox_id)
            os.utime(path, (now, now))

    def unseen(self, sandbox_id: str) -> float:
        """Return the seconds since somebody last visited a sandbox."""
        return self._now() - self._unfolded.get(sandbox_id, 0.0)

    def close(self) -> None:
        """Close every open sandbox."""
        self._pool.close()

    # Making

    def create(self, recipe: Recipe, address: str) -> str:
        """Make a sandbox for somebody at an address and return its id; raise TooMany or DiskFull."""
        self.check_disk()
        self._admission.admit(address)
        while len(self._unfolded) >= limits.MAX_UNFOLDED_SANDBOXES:
            self.fold(min(self._unfolded, key=self._unfolded.__getitem__))
        sandbox_id = secrets.token_urlsafe(16)
        making = self._home / "making" / sandbox_id
        shutil.copytree(self._mould(recipe), making)
        with self._lock:
            making.rename(self._home / "sandboxes" / sandbox_id)
            self._unfolded[sandbox_id] = self._now()
        return sandbox_id

    def check_disk(self) -> None:
        """Raise DiskFull if the disk is too full for anything to change, though every old sandbox is gone."""
        while self._free_bytes(self._home) < limits.MIN_FREE_DISK_BYTES:
            oldest = self._oldest(self._folded)
            if oldest is None:
                raise DiskFull("the disk is nearly full, so everything can be looked at, and nothing changed")
            self._delete(oldest)

    def _mould(self, recipe: Recipe) -> Path:
        """Return a closed sandbox to copy, made once in the life of this process."""
        with self._lock:
            if recipe.name not in self._moulds:
                folder = self._home / "pristine" / recipe.name
                Sandbox.create(folder / "mould", recipe.fixture, recipe.clock, recipe.setup).close()
                shutil.copytree(folder / "mould", folder / "shown")
                self._moulds[recipe.name] = folder / "mould"
            return self._moulds[recipe.name]

    # Folding and deleting

    def sweep(self) -> float:
        """Put away the one sandbox that is most overdue, if any; return the seconds until the next is due."""
        racks = (
            (self._unfolded, limits.FOLD_AFTER_SECONDS, self.fold),
            (self._folded, limits.DELETE_AFTER_SECONDS, self._delete),
        )
        for visits, keep, put_away in racks:
            oldest = self._oldest(visits)
            if oldest is not None and visits[oldest] + keep <= self._now():
                self._try(put_away, oldest)
                return 0.0
        with self._lock:
            due = [min(visits.values()) + keep for visits, keep, _ in racks if visits]
        return min(due, default=self._now() + limits.FOLD_AFTER_SECONDS) - self._now()

    def fold(self, sandbox_id: str) -> None:
        """Put a sandbox away as its transcript; the next visit replays it to the same stores."""
        with self._pool.without(self._name(sandbox_id)):
            if sandbox_id not in self._unfolded:
                return
            folder, transcript = self._folder(sandbox_id), self._transcript(sandbox_id)
            with closing(Sandbox(folder)) as sandbox:
                text = replay.export(sandbox.stores)
            unfinished = self._home / "making" / transcript.name
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(transcript)
            with self._lock:
                visited = self._folded[sandbox_id] = self._unfolded.pop(sandbox_id)
            os.utime(transcript, (visited, visited))
            shutil.rmtree(folder)

    def _unfold(self, sandbox_id: str) -> None:
        transcript = self._transcript(sandbox_id)
        making = self._home / "making" / sandbox_id
        shutil.rmtree(making, ignore_errors=True)
        Sandbox.load(making, replay.read(transcript.read_text(encoding="utf-8"))).close()
        making.rename(self._folder(sandbox_id))
        transcript.unlink()
        with self._lock:
            self._unfolded[sandbox_id] = self._folded.pop(sandbox_id)

    def _delete(self, sandbox_id: str) -> None:
        with self._pool.without(self._name(sandbox_id)), self._lock:
            self._folded.pop(sandbox_id, None)
            self._transcript(sandbox_id).unlink(missing_ok=True)

    def _try(self, put_away: Callable[[str], None], sandbox_id: str) -> None:
        """Put a sandbox away; one that resists waits for its next turn, so that it does not hold up the rest."""
        try:
            put_away(sandbox_id)
        except Exception:
            log.exception("sandbox %s could not be put away", sandbox_id)
            self.visit(sandbox_id)

    def _oldest(self, visits: dict[str, float]) -> str | None:
        with self._lock:
            return min(visits, key=visits.__getitem__, default=None)

    # Where things are

    @staticmethod
    def _name(sandbox_id: str) -> str:
        return f"sandboxes/{sandbox_id}"

    def _folder(self, sandbox_id: str) -> Path:
        return self._home / self._name(sandbox_id)

    def _transcript(self, sandbox_id: str) -> Path:
        return self._home / "folded" / f"{sandbox_id}.txt"

    def _open(self, name: str) -> Sandbox:
        sandbox_id = name.removeprefix("sandboxes/")
        if sandbox_id in self._folded:
            self._unfold(sandbox_id)
        sandbox = Sandbox(self._home / name)
        if sandbox_id in self._unfolded:
            sandbox.on_change = partial(self.on_change, sandbox_id)
            self.on_open(sandbox_id, sandbox)
        return sandbox
