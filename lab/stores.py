"""The three files of one sandbox, open: write.db, read.db and lab.db, with the clock that they live by."""

import hashlib
import json
import sqlite3
from contextlib import suppress
from pathlib import Path

from cqrs.read.projection import Projection, built_in
from cqrs.read.projector import catch_up
from cqrs.read.store import Checkpoint, ReadStore, missing
from cqrs.sql import connect_read_only
from cqrs.write.store import WriteStore
from lab import limits
from lab.clock import Clock
from lab.journal import Journal
from lab.outcome import Applied

BUILT_IN = built_in()


class Stores:
    """Connections to the files of one folder. ``fast`` leaves syncing out, for a folder that is being built."""

    def __init__(self, folder: Path, clock: Clock, *, fast: bool = False) -> None:
        self.folder = folder
        self.clock = clock
        self._fast = fast
        self.journal = Journal(folder / "lab.db", fast=fast)
        self.write = WriteStore(folder / "write.db", synchronous="OFF" if fast else "NORMAL")
        self._cap(self.write.connection, limits.MAX_WRITE_BYTES)
        self._open_read()

    def close(self) -> None:
        """Close the files."""
        self.reader.close()
        self.read.close()
        self.write.close()
        self.journal.close()

    # The read store, which may vanish at any moment

    def _open_read(self) -> None:
        path = self.folder / "read.db"
        try:
            self.read = ReadStore(path, synchronous="OFF" if self._fast else "NORMAL")
            checkpoints = {checkpoint.name for checkpoint in self.read.checkpoints()}
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            for leftover in self.folder.glob("read.db*"):
                leftover.unlink()
            self._open_read()
            return
        self._cap(self.read.connection, limits.MAX_READ_BYTES)
        self._read_inode = path.stat().st_ino
        self.reader = connect_read_only(path)
        lost = {name: state for name, state in self.models().items() if name not in checkpoints}
        for name, state in lost.items():
            self._restore(name, state)

    def ensure_read(self) -> None:
        """If read.db was deleted, replaced or damaged under us, make it again."""
        try:
            if (self.folder / "read.db").stat().st_ino != self._read_inode:
                self.make_read_again()
            self.read.checkpoints()
        except FileNotFoundError:
            self.make_read_again()
        except sqlite3.DatabaseError as error:
            if not missing(error):
                raise
            self.make_read_again()

    def make_read_again(self) -> None:
        """Begin with an empty read.db and bring it to where it stood, from the log."""
        self.reader.close()
        with suppress(sqlite3.DatabaseError):
            self.read.close()
        for leftover in self.folder.glob("read.db*"):
            leftover.unlink()
        self._open_read()

    def _restore(self, name: str, state: dict[str, object]) -> None:
        projection = self.projection(name)
        if projection is None:
            return
        start = int(str(state["from"]))
        self.read.add(projection, position=start)
        self.apply({name: int(str(state["position"]))})
        if state["paused"]:
            self.read.set_status(name, "paused")

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

    def projection(self, name: str) -> Projection | None:
        """Return the projection of that name, or None if there is none."""
        return BUILT_IN.get(name)

    def checkpoints(self) -> dict[str, Checkpoint]:
        """Return the checkpoint of every read model that is in read.db."""
        return {checkpoint.name: checkpoint for checkpoint in self.read.checkpoints()}

    def positions(self) -> dict[str, int]:
        """Return how far every projection has read."""
        return {name: checkpoint.position for name, checkpoint in self.checkpoints().items()}

    def apply(self, targets: dict[str, int], limit: int = limits.MAX_EVENTS) -> list[Applied]:
        """Let each named projection apply up to ``limit`` events, but not beyond its target position."""
        batches: list[Applied] = []
        for name, target in targets.items():
            projection = self.projection(name)
            before = self.read.position(name)
            if projection is None or target <= before:
                continue
            picked_up = self.clock.now()
            applied = catch_up(self.read, [projection], self.write.events_after, min(limit, target - before))
            if applied:
                batches.append((name, before + applied, before, picked_up, self.clock.now()))
        return batches

    # Settings

    @property
    def delay(self) -> float:
        """The injected delay before each batch, in seconds."""
        return float(self.journal.setting("delay", str(limits.START_DELAY_SECONDS)))

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
        for store, connection in (("write", self.write.connection), ("read", self.read.connection)):
            for table in tables(connection):
                columns = [name for name in columns_of(connection, table) if (table, name) not in CLOCKED]
                listed = ", ".join(f'"{name}"' for name in columns)
                digest.update(f"{store}.{table}({listed})\n".encode())
                for row in connection.execute(f'SELECT {listed} FROM "{table}" ORDER BY {listed}'):
                    digest.update(f"{row!r}\n".encode())
        return digest.hexdigest()


CLOCKED = {("events", "recorded_at"), ("events", "hash"), ("commands", "recorded_at")}
"""Wall-clock times, and the hashes over them."""


def tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of a store's tables, without SQLite's own and without the shadow tables of FTS5."""
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name"
    return [name for (name,) in connection.execute(sql) if not name.startswith("sqlite_")]


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
