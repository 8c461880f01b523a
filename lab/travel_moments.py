"""The moments of a log that are kept: both stores as of an event, made again in a scratch folder.

A moment comes from the nearest one before it: a copy of its files, to which the accepted commands after it
are issued again and the correct projector applies their events. So however long the log is, a moment costs
at most STRIDE commands once those on the way are there.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from cqrs.commands import CommandRefused
from cqrs.read.projection import Projection
from cqrs.read.projector import catch_up
from cqrs.read.store import ReadStore
from cqrs.write.store import WriteStore
from lab import limits, own
from lab.guard import policy
from lab.outcome import CannotDo
from lab.reissue import Accepted, accepted, issue

STRIDE = 250

PAGES = (limits.MAX_READ_BYTES + policy.OWN_BYTES) // limits.PAGE_BYTES


class Moment(NamedTuple):
    """Both stores as of an event; nothing writes to its files any more."""

    position: int
    folder: Path

    @property
    def write(self) -> Path:
        """The write store as of then."""
        return self.folder / "write.db"

    @property
    def read(self) -> Path:
        """The read store as of then."""
        return self.folder / "read.db"


class Moments:
    """Keeps a few moments of one log in a folder of its own; ``issued`` counts the commands that they took."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[int, Moment] = {}
        self._projections: tuple[Projection, ...] = ()
        self.issued = 0
        self.drop()

    def __len__(self) -> int:
        return len(self._kept)

    def drop(self) -> None:
        """Forget every moment, and leave nothing behind."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._kept.clear()

    def nearest(self, position: int) -> int:
        """Return the last moment that is there up to a position."""
        return max((kept for kept in self._kept if kept <= position), default=0)

    def reach(
        self, log: WriteStore, projections: Sequence[Projection], wanted: Iterable[int], most: int = limits.MAX_EVENTS
    ) -> dict[int, Moment] | None:
        """Return the moments that are wanted; None if more than ``most`` commands are needed, and then some are made.

        Raise CannotDo where a moment cannot be made.
        """
        if self._projections != tuple(projections):
            self.drop()
            self._projections = tuple(projections)
        if 0 not in self._kept:
            self._begin()
        positions = sorted(set(wanted))
        for position in positions:
            while (start := self.nearest(position)) < position:
                to = min(position, start - start % STRIDE + STRIDE)
                if to - start > most:
                    return None
                most -= to - start
                self._make(log, start, to)
                self._thin_out({*positions, to}, log.head())
        return {position: self._kept[position] for position in positions}

    def _begin(self) -> None:
        """Make the moment before the first event: empty stores, every read model waiting at 0."""
        with _making(self._folder, 0) as making:
            making.mkdir(parents=True)
            with closing(_write(making)), closing(_read(making)) as read:
                for projection in self._projections:
                    own.begin(read, making / "read.db", projection, 0, PAGES)
        self._kept[0] = Moment(0, self._folder / "0")

    def _make(self, log: WriteStore, start: int, to: int) -> None:
        with _making(self._folder, to) as making:
            shutil.copytree(self._kept[start].folder, making)
            with closing(_write(making)) as write, closing(_read(making)) as read:
                for command in accepted(log, start, to):
                    _issue_as_before(write, command)
                    self.issued += 1
                _expect_the_same_log(log, write, to)
                catch_up(read, [it for it in self._projections if not own.is_own(it)], write.events_after, to - start)
                for projection in filter(own.is_own, self._projections):
                    own.fill(read, making / "read.db", projection, write.events_after, to - start, PAGES)
        self._kept[to] = Moment(to, self._folder / str(to))

    def _thin_out(self, spared: set[int], head: int) -> None:
        """Forget what leaves the smallest gap, and the moments on the way last, until few enough are kept."""
        while len(self._kept) > limits.MAX_MOMENTS:
            kept = [*sorted(self._kept), head]
            losses = {
                here: (here % STRIDE == 0, after - before)
                for before, here, after in zip(kept, kept[1:], kept[2:], strict=False)
                if here not in spared
            }
            shutil.rmtree(self._kept.pop(min(losses, key=losses.__getitem__)).folder, ignore_errors=True)


@contextmanager
def _making(folder: Path, position: int) -> Iterator[Path]:
    """Lend a folder that becomes a moment's if everything in it goes well, and vanishes otherwise."""
    making = folder / "making"
    try:
        yield making
        making.rename(folder / str(position))
    except (OSError, sqlite3.OperationalError) as error:
        raise CannotDo(f"no copy of the stores can be made now: {error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _write(folder: Path) -> WriteStore:
    return WriteStore(folder / "write.db", synchronous="OFF")


def _read(folder: Path) -> ReadStore:
    return ReadStore(folder / "read.db", synchronous="OFF")


def _issue_as_before(write: WriteStore, command: Accepted) -> None:
    try:
        answer = issue(write, command)
        came, why = answer.position, answer.reason
    except CommandRefused as refused:
        came, why = None, str(refused)
    if came != command.position:
        raise CannotDo(f"event #{command.position} does not come again from its command: {why or f'#{came} came'}")


def _expect_the_same_log(log: WriteStore, again: WriteStore, position: int) -> None:
    """Each hash covers all events before it, so one comparison is enough."""
    if log.events_after(position - 1, 1) != again.events_after(position - 1, 1):
        raise CannotDo(f"the log made again differs from this one at event #{position} or before it")
