"""The three files of one sandbox, open: write.db, read.db and lab.db, with the clock that they live by."""

import itertools
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from cqrs.read.projection import Projection
from cqrs.read.store import Checkpoint, ReadStore
from cqrs.write.store import WriteStore
from lab import books, damage, limits, own, seal
from lab.clock import Clock
from lab.delivery import At, Crashed, Progress, Route
from lab.fingerprint import fingerprint
from lab.guard import policy
from lab.loose import CORRECT
from lab.next_db import NextDb
from lab.notices import Notices
from lab.outcome import CannotDo, Done, Line
from lab.own import OwnRoute
from lab.projections import BUILT_IN, in_version
from lab.read_db import ReadDb
from lab.remembered import Remembered
from lab.settings import Settings
from lab.travel_moments import Moments


class Stores:
    """Connections to the files of one folder. ``fast`` leaves syncing out, for a folder that is only being built."""

    def __init__(self, folder: Path, clock: Clock, *, fast: bool = False) -> None:
        self.folder = folder
        self.clock = clock
        self.building = fast
        self.points: Callable[[str], At] = self._armed
        self.turn: own.Turn | None = None
        self.owed: list[tuple[Line, Done, str, int]] = []
        found = damage.look_over(folder)
        self.journal = damage.open_journal(folder, fast=fast)
        self.once = self.journal.once
        self.settings = Settings(self.journal)
        self.remembered = Remembered(self.journal)
        self.notices = Notices(self.journal, found)
        seal.break_(folder)
        self.write = WriteStore(folder / "write.db", synchronous="OFF" if fast else "NORMAL")
        self.write.connection.execute(f"PRAGMA max_page_count = {limits.MAX_WRITE_BYTES // limits.PAGE_BYTES}")
        self.next = NextDb(folder, self.journal, self.projection, fast=fast)
        self.read_db = ReadDb(folder, self.notices, fast=fast)
        self._restore()
        if not self._plausible():
            self.make_read_again("was not the one of this sandbox")
        self.moments = Moments(folder / "travel")

    def close(self) -> None:
        """Close the files, and seal them."""
        rows = None
        with suppress(sqlite3.Error):
            rows = seal.rows_of(self.write.connection)
        for file in (self.next, self.read_db, self.write, self.journal):
            file.close()
        if rows is not None:
            with suppress(OSError):
                seal.put(self.folder, rows)
        self.moments.drop()

    def fingerprint(self) -> str:
        """Return one SHA-256 over every table's rows of both stores, without what a clock wrote into them."""
        stores = {"write": self.write.connection, "read": self.read.connection}
        if self.next.standing():
            stores["next"] = self.next.store().connection
        return fingerprint(stores)

    # The read store, which may vanish at any moment

    @property
    def read(self) -> ReadStore:
        """The read store, as the projector writes it."""
        return self.read_db.store

    @property
    def reader(self) -> sqlite3.Connection:
        """A connection to read.db that can only look."""
        return self.read_db.reader

    def ensure_read(self) -> None:
        """If read.db or read.next.db was deleted, replaced or damaged under us, make it again.

        Where the stores are held still that has been seen to, and a file that goes meanwhile stays open.
        """
        if self.once.holding:
            return
        self.next.ensure()
        if why := self.read_db.lost():
            self.make_read_again(why)
        self.share_room()

    def make_read_again(self, why: str = "was damaged") -> None:
        """Begin with an empty read.db and bring it to where it stood, from the log."""
        self.next.check()
        self.read_db.begin_again(why)
        self._restore()

    def _restore(self) -> None:
        """Make the read models again that lab.db remembers, and that read.db has not."""
        self.share_room()
        there = {checkpoint.name for checkpoint in self.read.checkpoints()}
        for name, state in self.remembered.models().items():
            projection = self.projection(name) if name not in there else None
            if projection is None:
                continue
            try:
                self.read_db.begin(projection, state["from"])
            except CannotDo as refused:
                self.notices.add("read.db", f"was made again from the event log, but not all of it: {refused}")
                continue
            self.apply({name: state["position"]})
            if state["paused"]:
                self.read.set_status(name, "paused")

    def _plausible(self) -> bool:
        """Tell whether read.db stands where lab.db says, or where a line that was under way may have brought it."""
        positions = self.positions()
        if any(position > self.write.head() for position in positions.values()):
            return False
        noted = self.remembered.positions()
        return bool(self.journal.entries(unfinished=True)) or all(
            noted.get(name, position) == position for name, position in positions.items()
        )

    def share_room(self) -> None:
        """Let read.db and what stands beside it grow to their size, and to that of a learner's own where there are."""
        more = policy.OWN_BYTES if self.own() else 0
        self.next.share_room(self.read.connection, (limits.MAX_READ_BYTES + more) // limits.PAGE_BYTES)

    # Read models

    def projection(self, name: str) -> Projection | None:
        """Return the projection of that name, in the version that is deployed; None if there is none."""
        brought = in_version(name, self.settings.versions().get(name, 1))
        if brought is not None:
            return brought
        text = self.own().get(name)
        return None if text is None else own.read(name, text)

    def own(self) -> Mapping[str, str]:
        """Return the texts of the learner's own read models as they are deployed, by name."""
        return own.texts(self.journal.setting("own", "{}"))

    def is_own(self, name: str) -> bool:
        """Tell whether a read model is one of the learner's own."""
        return name not in BUILT_IN and name in self.own()

    def known(self) -> list[str]:
        """Return the names of all read models that there are or could be."""
        return [*BUILT_IN, *self.own()]

    def remember_models(self) -> None:
        """Note in lab.db which read models there are, where they began and which are paused."""
        self.remembered.note(self.read.checkpoints(), self.write.head())

    def head(self) -> int:
        """Return the position of the newest event; 0 if there is none."""
        return self.once("the head", self.write.head)

    def next_order(self) -> str:
        """Return the id of the next order that nobody names: its number among the orders, or the next that is free."""
        [count] = self.write.connection.execute("SELECT count(*) FROM orders").fetchone()
        taken = "SELECT 1 FROM orders WHERE id = ?"
        ids = (f"o-{number}" for number in itertools.count(count + 1))
        return next(each for each in ids if self.write.connection.execute(taken, (each,)).fetchone() is None)

    def checkpoints(self) -> Mapping[str, Checkpoint]:
        """Return the checkpoint of every read model that is in read.db."""
        return self.once("the checkpoints", lambda: {found.name: found for found in self.read.checkpoints()})

    def positions(self) -> dict[str, int]:
        """Return how far every projection has read."""
        return {name: checkpoint.position for name, checkpoint in self.checkpoints().items()}

    def rebuilding(self) -> dict[str, int]:
        """Return the read models that are being rebuilt in place, each with the head when that began."""
        goals: dict[str, int] = self.settings.by_model("rebuilding")
        return {name: goals[name] for name, at in self.positions().items() if at < goals.get(name, 0)}

    # The way of events to them

    def apply(self, targets: dict[str, int], n: int | None = None, *, again: bool = False) -> Progress:
        """Let each named projection apply events up to its target position.

        ``n`` is the number of the action line; without one, no armed crash happens. With ``again`` the line is
        done once more, and an armed crash that came after the commit comes once more too.
        """
        progress = Progress()
        for name, target in targets.items():
            before = self.read.position(name)
            route = self.route(name, n)
            if route is not None and (target > before or (again and name in self.settings.crashes())):
                events = self.write.events_after(before, max(0, target - before))
                progress += route.deliver(events, self.clock.now)
        return progress

    def route(self, name: str, n: int | None = None) -> Route | OwnRoute | None:
        """Return the way of events to a read model, as its mode and an armed crash have it; None if it has none."""
        projection = self.projection(name)
        if projection is None:
            return None
        if isinstance(projection, own.Own):
            file, pages = self.read_db.path, self.read_db.pages
            crash = self.settings.crashes().get(name) if n is not None else None
            guards, divisible = self.settings.guards(name), self._is_careful(name)
            turn = self.turn if n is not None else None
            return OwnRoute(self.read, file, projection, pages, guards, crash, n or 0, divisible, turn)
        at = self.points(name) if n is not None else lambda point: None
        return Route(self.read, projection, self.settings.guards(name), at, n or 0)

    def most_at_once(self, name: str) -> int:
        """Return how many events one line may lead a read model on.

        Where nothing but the note of its line keeps rows from being committed twice, it is what fits in one batch.
        """
        return policy.BATCH_EVENTS if self.is_own(name) and not self._is_careful(name) else limits.MAX_EVENTS

    def _is_careful(self, name: str) -> bool:
        return (
            self.settings.guards(name) == CORRECT
            and name not in self.settings.crashes()
            and not books.parked(self.read, name)
        )

    def _armed(self, name: str) -> At:
        """Return what happens at each point on the way to a read model: nothing, or the crash that is armed."""
        wanted = self.settings.crashes().get(name)

        def at(point: str) -> None:
            if point == wanted:
                raise Crashed

        return at
