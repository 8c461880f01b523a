"""The three files of one sandbox, open: write.db, read.db and lab.db, with the clock that they live by."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cqrs.read.projection import Projection, built_in, parse
from cqrs.read.store import Checkpoint, ReadStore, missing
from cqrs.sql import connect_read_only
from cqrs.write.store import WriteStore
from lab import books, damage, limits, own, seal
from lab.clock import Clock
from lab.delivery import At, Crashed, Progress, Route
from lab.guard import policy
from lab.loose import CORRECT, Guards
from lab.next_db import NextDb
from lab.notices import AGAIN, Notices
from lab.outcome import CannotDo, Done, Line
from lab.own import OwnRoute
from lab.travel_moments import Moments

BUILT_IN = built_in()

HANDLERS = {
    (name, int(version)): parse(name, path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).with_name("handlers").glob("*.sql"))
    for name, version in [path.stem.split(".")]
}
"""Later versions of projections, by name and version: lab/handlers/<name>.<version>.sql. Version 1 is built in."""


class Stores:
    """Connections to the files of one folder. ``fast`` leaves syncing out, for a folder that is being built."""

    def __init__(self, folder: Path, clock: Clock, *, fast: bool = False) -> None:
        self.folder = folder
        self.clock = clock
        self._fast = fast
        self.points: Callable[[str], At] = self._armed
        self.turn: own.Turn | None = None
        self.owed: list[tuple[Line, Done, str, int]] = []
        found = damage.look_over(folder)
        self.journal = damage.open_journal(folder, fast=fast)
        self.once = self.journal.once
        self.notices = Notices(self.journal, found)
        seal.break_(folder)
        self.write = WriteStore(folder / "write.db", synchronous="OFF" if fast else "NORMAL")
        self._cap(self.write.connection, limits.MAX_WRITE_BYTES)
        self.next = NextDb(folder, self.journal, self.projection, fast=fast)
        self._open_read()
        if not self._plausible():
            self.make_read_again("was not the one of this sandbox")
        self.moments = Moments(folder / "travel")

    def close(self) -> None:
        """Close the files, and seal them."""
        rows = None
        with suppress(sqlite3.Error):
            rows = seal.rows_of(self.write.connection)
        for file in (self.next, self.reader, self.read, self.write, self.journal):
            file.close()
        if rows is not None:
            with suppress(OSError):
                seal.put(self.folder, rows)
        self.moments.drop()

    @property
    def building(self) -> bool:
        """Tell whether lines are only being replayed here, to lead to these stores."""
        return self._fast

    # The read store, which may vanish at any moment

    def _open_read(self) -> None:
        path = self.folder / "read.db"
        try:
            self.read = ReadStore(path, synchronous="OFF" if self._fast else "NORMAL")
            checkpoints = {checkpoint.name for checkpoint in self.read.checkpoints()}
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._remove_read("was damaged")
            self._open_read()
            return
        self.reader = connect_read_only(path)
        for connection in (self.read.connection, self.reader):
            connection.text_factory = own.any_text
        self.share_room()
        books.open_books(self.read)
        self._read_inode = path.stat().st_ino
        lost = {name: state for name, state in self.models().items() if name not in checkpoints}
        for name, state in lost.items():
            self._restore(name, state)

    def ensure_read(self) -> None:
        """If read.db or read.next.db was deleted, replaced or damaged under us, make it again.

        Where the stores are held still that has been seen to, and a file that goes meanwhile stays open.
        """
        if self.once.holding:
            return
        self.next.ensure()
        try:
            if (self.folder / "read.db").stat().st_ino != self._read_inode:
                self.make_read_again("was replaced")
            self.read.checkpoints()
        except FileNotFoundError:
            self.make_read_again("was gone")
        except sqlite3.DatabaseError as error:
            if not missing(error):
                raise
            self.make_read_again()
        self.share_room()

    def make_read_again(self, why: str = "was damaged") -> None:
        """Begin with an empty read.db and bring it to where it stood, from the log."""
        self.next.check()
        self.reader.close()
        with suppress(sqlite3.DatabaseError):
            self.read.close()
        self._remove_read(why)
        self._open_read()

    def _remove_read(self, why: str) -> None:
        self.notices.add("read.db", AGAIN.format(why))
        damage.remove_read(self.folder)

    def _plausible(self) -> bool:
        """Tell whether read.db stands where lab.db says, or where a line that was under way may have brought it."""
        positions = self.positions()
        if any(position > self.write.head() for position in positions.values()):
            return False
        noted = self.positions_last_seen()
        return bool(self.journal.entries(unfinished=True)) or all(
            noted.get(name, position) == position for name, position in positions.items()
        )

    def _restore(self, name: str, state: dict[str, object]) -> None:
        projection = self.projection(name)
        if projection is None:
            return
        try:
            self.begin(projection, int(str(state["from"])))
        except CannotDo as refused:
            self.notices.add("read.db", f"was made again from the event log, but not all of it: {refused}")
            return
        self.apply({name: int(str(state["position"]))})
        if state["paused"]:
            self.read.set_status(name, "paused")

    def share_room(self) -> None:
        """Let read.db and what stands beside it grow to their size, and to that of a learner's own where there are."""
        more = policy.OWN_BYTES if self.own() else 0
        self.next.share_room(self.read.connection, (limits.MAX_READ_BYTES + more) // limits.PAGE_BYTES)

    @staticmethod
    def _cap(connection: sqlite3.Connection, size: int) -> None:
        connection.execute(f"PRAGMA max_page_count = {size // limits.PAGE_BYTES}")

    # Read models

    def models(self) -> dict[str, dict[str, object]]:
        """Return what lab.db knows of the read models: enough to make read.db again."""
        models: dict[str, dict[str, object]] = json.loads(self.journal.setting("models", "{}"))
        positions = self.positions_last_seen()
        for name, state in models.items():
            state["position"] = positions.get(name, state["from"])
        return models

    def started_at(self, name: str) -> int:
        """Return the position behind which a read model began to hear of events; 0 is the beginning of the log."""
        state = json.loads(self.journal.setting("models", "{}")).get(name, {})
        return int(state.get("from", 0))

    def positions_last_seen(self) -> dict[str, int]:
        """Return the position of each projection as it was noted last."""
        row = self.journal.connection.execute("SELECT positions FROM samples ORDER BY id DESC LIMIT 1").fetchone()
        positions: dict[str, int] = json.loads(row[0]) if row else {}
        return positions

    def remember_models(self) -> None:
        """Note in lab.db which read models there are, where they began and which are paused."""
        before = json.loads(self.journal.setting("models", "{}"))
        models = {
            checkpoint.name: {
                "from": before.get(checkpoint.name, {}).get("from", checkpoint.position),
                "paused": checkpoint.status == "paused",
            }
            for checkpoint in self.read.checkpoints()
        }
        self.journal.set("models", json.dumps(models))

    def knowing_from(self, name: str, position: int) -> str:
        """Return the setting ``models`` in which a read model knows the log from a position on, whatever it was."""
        models = json.loads(self.journal.setting("models", "{}"))
        models[name]["from"] = position
        return json.dumps(models)

    def rebuilding(self) -> dict[str, int]:
        """Return the read models that are being rebuilt in place, each with the head when that began."""
        goals: dict[str, int] = self.by_model("rebuilding")
        return {name: goals[name] for name, at in self.positions().items() if at < goals.get(name, 0)}

    def projection(self, name: str) -> Projection | None:
        """Return the projection of that name, in the version that is deployed; None if there is none."""
        version = self.versions().get(name, 1)
        if version > 1 or name in BUILT_IN:
            return HANDLERS[name, version] if version > 1 else BUILT_IN[name]
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

    def begin(self, projection: Projection, position: int = 0) -> None:
        """Make a read model's empty table in read.db; raise CannotDo if it is a learner's, and the guard refuses it."""
        own.begin(self.read, self.folder / "read.db", projection, position, pages_of(self.read.connection))

    def head(self) -> int:
        """Return the position of the newest event; 0 if there is none."""
        return self.once("the head", self.write.head)

    def checkpoints(self) -> Mapping[str, Checkpoint]:
        """Return the checkpoint of every read model that is in read.db."""
        return self.once("the checkpoints", lambda: {found.name: found for found in self.read.checkpoints()})

    def positions(self) -> dict[str, int]:
        """Return how far every projection has read."""
        return {name: checkpoint.position for name, checkpoint in self.checkpoints().items()}

    def apply(self, targets: dict[str, int], n: int | None = None, *, again: bool = False) -> Progress:
        """Let each named projection apply events up to its target position.

        ``n`` is the number of the action line; without one, no armed crash happens. With ``again`` the line is
        done once more, and an armed crash that came after the commit comes once more too.
        """
        progress = Progress()
        for name, target in targets.items():
            before = self.read.position(name)
            route = self.route(name, n)
            if route is not None and (target > before or (again and name in self.crashes())):
                events = self.write.events_after(before, max(0, target - before))
                progress += route.deliver(events, self.clock.now)
        return progress

    def route(self, name: str, n: int | None = None) -> Route | OwnRoute | None:
        """Return the way of events to a read model, as its mode and an armed crash have it; None if it has none."""
        projection = self.projection(name)
        if projection is None:
            return None
        if isinstance(projection, own.Own):
            file, pages = self.folder / "read.db", pages_of(self.read.connection)
            crash = self.crashes().get(name) if n is not None else None
            guards, divisible = self.guards(name), self._is_careful(name)
            turn = self.turn if n is not None else None
            return OwnRoute(self.read, file, projection, pages, guards, crash, n or 0, divisible, turn)
        at = self.points(name) if n is not None else lambda point: None
        return Route(self.read, projection, self.guards(name), at, n or 0)

    def most_at_once(self, name: str) -> int:
        """Return how many events one line may lead a read model on.

        Where nothing but the note of its line keeps rows from being committed twice, it is what fits in one batch.
        """
        return policy.BATCH_EVENTS if self.is_own(name) and not self._is_careful(name) else limits.MAX_EVENTS

    def _is_careful(self, name: str) -> bool:
        return self.guards(name) == CORRECT and name not in self.crashes() and not books.parked(self.read, name)

    def _armed(self, name: str) -> At:
        """Return what happens at each point on the way to a read model: nothing, or the crash that is armed."""
        wanted = self.crashes().get(name)

        def at(point: str) -> None:
            if point == wanted:
                raise Crashed

        return at

    # What a learner broke

    def guards(self, name: str) -> Guards:
        """Return what a projection protects itself with."""
        return Guards(**self.by_model("modes").get(name, {}))

    def crashes(self) -> dict[str, str]:
        """Return the points at which a crash is armed, by read model."""
        return self.by_model("crashes")

    def versions(self) -> dict[str, int]:
        """Return the deployed version of each projection that is not the first one."""
        return self.by_model("versions")

    def by_model(self, setting: str) -> dict[str, Any]:
        """Return a setting that is chosen for each read model apart."""
        chosen: dict[str, Any] = json.loads(self.journal.setting(setting, "{}"))
        return chosen

    # Settings

    @property
    def delay(self) -> float:
        """The injected delay before each batch, in seconds."""
        return float(self.journal.setting("delay", str(limits.START_DELAY_SECONDS)))

    def delay_of(self, name: str | None) -> float:
        """Return the injected delay before each batch of one read model: its own, or the common one."""
        return float(self.delays().get(name or "", self.delay))

    def delays(self) -> dict[str, float]:
        """Return the delays of those read models that have one of their own."""
        return self.by_model("delays")

    @property
    def batch(self) -> int:
        """How many events the projector applies at once."""
        return int(self.journal.setting("batch", str(limits.START_BATCH_EVENTS)))

    @property
    def traffic(self) -> int:
        """How many commands the shoppers send a second; 0 is none."""
        return int(self.journal.setting("traffic", "0"))

    @property
    def receipt(self) -> int:
        """The position of the learner's last accepted command; 0 before the first."""
        return int(self.journal.setting("receipt", "0"))

    # Fingerprint

    def fingerprint(self) -> str:
        """Return one SHA-256 over every table's rows of both stores, without what a clock wrote into them."""
        digest = hashlib.sha256()
        stores = [("write", self.write.connection), ("read", self.read.connection)]
        if self.next.standing():
            stores.append(("next", self.next.store().connection))
        for store, connection in stores:
            for table in tables(connection):
                columns = [name for name in columns_of(connection, table) if (table, name) not in CLOCKED]
                listed = ", ".join(f'"{name}"' for name in columns)
                digest.update(f"{store}.{table}({listed})\n".encode())
                for row in connection.execute(f'SELECT {listed} FROM "{table}" ORDER BY {listed}'):
                    digest.update(f"{row!r}\n".encode())
        return digest.hexdigest()


def pages_of(connection: sqlite3.Connection) -> int:
    """Return how many pages a file may grow to."""
    pages: int = connection.execute("PRAGMA max_page_count").fetchone()[0]
    return pages


CLOCKED = {("events", "recorded_at"), ("events", "hash"), ("commands", "recorded_at")}
"""Wall-clock times, and the hashes over them."""


def tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of a store's tables, without SQLite's own and without the shadow tables of FTS5."""
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name"
    return [name for (name,) in connection.execute(sql) if not name.startswith("sqlite_")]


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
