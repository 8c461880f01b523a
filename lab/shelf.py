"""The shelf of all sandboxes: each is a folder under home, made from a mould, opened when somebody comes.

A sandbox that nobody visits is folded to its transcript, a short text; the next visit replays it. One whose write
store is damaged is frozen: it is not opened any more, nothing of it is changed, and it is deleted in its time.
"""

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from lab import folding, limits, replay
from lab.admission import Admission
from lab.clock import SECOND, RealClock
from lab.damage import Damaged
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


def _steady(clock: RealClock) -> Callable[[], float]:
    """Return a time that a jump of the machine's clock does not move: nothing gets old by it."""
    return lambda: clock.now() / SECOND


def _free_bytes(home: Path) -> int:
    return shutil.disk_usage(home).free


class Shelf:
    """Makes sandboxes, lends them, and folds and deletes them when their time has come."""

    def __init__(
        self,
        home: Path,
        *,
        cap: int = limits.MAX_OPEN_SANDBOXES,
        now: Callable[[], float] | None = None,
        free_bytes: Callable[[Path], int] = _free_bytes,
    ) -> None:
        self._home = home
        now = now or _steady(RealClock())
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
        for name in ("pristine", "making", "sandboxes"):
            (home / name).mkdir(parents=True, exist_ok=True)
        # When each was last visited; the time of its folder says so from one process to the next.
        self._unfolded: dict[str, float] = {}
        self._folded: dict[str, float] = {}
        self._frozen: dict[str, float] = {}
        self._damage: dict[str, Damaged] = {}
        for folder in (home / "sandboxes").iterdir():
            visits = self._folded if folding.is_folded(folder) else self._unfolded
            visits[folder.name] = folder.stat().st_mtime

    # Lending

    def has(self, sandbox_id: str) -> bool:
        """Tell whether there is a sandbox of that id."""
        with self._lock:
            return any(sandbox_id in visits for visits in self._all_visits())

    def damage_of(self, sandbox_id: str) -> Damaged | None:
        """Return why a sandbox is frozen; None if it is not."""
        return self._damage.get(sandbox_id)

    @contextmanager
    def open(self, sandbox_id: str, *, visit: bool = True) -> Iterator[Sandbox]:
        """Lend the one object of a sandbox; raise NoSuchSandbox, Damaged, or Crowded when there is no room."""
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
            visits = next((visits for visits in self._all_visits() if sandbox_id in visits), None)
            if visits is None:
                raise NoSuchSandbox(sandbox_id)
            visits[sandbox_id] = self._now()
            self._touch(sandbox_id, visits[sandbox_id])

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
        while len(self._unfolded) >= limits.MAX_UNFOLDED_SANDBOXES and (oldest := self._oldest(self._unfolded)):
            self.fold(oldest)
        sandbox_id = secrets.token_urlsafe(16)
        making = self._home / "making" / sandbox_id
        shutil.copytree(self._mould(recipe), making)
        making.rename(self._folder(sandbox_id))
        with self._lock:
            self._unfolded[sandbox_id] = self._now()
        self.visit(sandbox_id)
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
            (self._frozen, limits.DELETE_AFTER_SECONDS, self._delete),
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
        """Put a sandbox's stores away as their transcript; the next visit replays it to the same stores."""
        with self._pool.without(self._name(sandbox_id)):
            if sandbox_id in self._unfolded:
                try:
                    folding.fold(self._folder(sandbox_id))
                except Damaged as damaged:
                    self._freeze(sandbox_id, damaged)
                    return
                with self._lock:
                    self._folded[sandbox_id] = self._unfolded.pop(sandbox_id)
                    self._touch(sandbox_id, self._folded[sandbox_id])

    def _freeze(self, sandbox_id: str, damaged: Damaged) -> None:
        with self._lock:
            self._damage[sandbox_id] = damaged
            if sandbox_id in self._unfolded:
                self._frozen[sandbox_id] = self._unfolded.pop(sandbox_id)
        log.warning("sandbox %s is frozen: %s", sandbox_id, damaged)

    def _unfold(self, sandbox_id: str) -> Sandbox:
        sandbox = folding.unfold(self._folder(sandbox_id))
        with self._lock:
            self._unfolded[sandbox_id] = self._folded.pop(sandbox_id, self._now())
        return sandbox

    def _delete(self, sandbox_id: str) -> None:
        with self._pool.without(self._name(sandbox_id)), self._lock:
            self._folded.pop(sandbox_id, None)
            self._frozen.pop(sandbox_id, None)
            self._damage.pop(sandbox_id, None)
            shutil.rmtree(self._folder(sandbox_id), ignore_errors=True)

    def _try(self, put_away: Callable[[str], None], sandbox_id: str) -> None:
        """Put a sandbox away; one that resists waits for its next turn, so that it does not hold up the rest."""
        try:
            put_away(sandbox_id)
        except Exception:
            log.exception("sandbox %s could not be put away", sandbox_id)
            self.visit(sandbox_id)

    def _all_visits(self) -> tuple[dict[str, float], ...]:
        return self._unfolded, self._folded, self._frozen

    def _oldest(self, visits: dict[str, float]) -> str | None:
        with self._lock:
            return min(visits, key=visits.__getitem__, default=None)

    # Where things are

    @staticmethod
    def _name(sandbox_id: str) -> str:
        return f"sandboxes/{sandbox_id}"

    def _folder(self, sandbox_id: str) -> Path:
        return self._home / self._name(sandbox_id)

    def _touch(self, sandbox_id: str, moment: float) -> None:
        os.utime(self._folder(sandbox_id), (moment, moment))

    def _open(self, name: str) -> Sandbox:
        sandbox_id = name.removeprefix("sandboxes/")
        folder = self._home / name
        if known := self._damage.get(sandbox_id):
            raise Damaged(str(known), known.folder)
        try:
            sandbox = self._unfold(sandbox_id) if folding.is_folded(folder) else Sandbox(folder)
        except Damaged as damaged:
            self._freeze(sandbox_id, damaged)
            raise
        if sandbox_id in self._unfolded:
            sandbox.on_change = partial(self.on_change, sandbox_id)
            self.on_open(sandbox_id, sandbox)
        return sandbox
