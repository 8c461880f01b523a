"""read.next.db: where a read model is filled beside the one that is read, and where the old one waits after a switch.

The file is there only while a read model stands in it, and it may vanish at any moment. lab.db knows in its setting
``beside`` which ones stand there; how far each has come, only the file itself knows.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cqrs.read.projection import Projection
from cqrs.read.store import Checkpoint, ReadStore, missing
from lab import limits, own
from lab.books import open_books
from lab.guard import policy
from lab.journal import Journal
from lab.outcome import CannotDo

Standing = dict[str, Any]
"""What lab.db knows of a read model beside: its ``stage`` ('filling', or 'switched' once it is the old one), the last
``fills`` as [time, position], the position it knows the log ``from``, and whether it was ``lost`` on the way. One that
is filled by another text than the deployed one has that ``text``."""

BEGUN: Standing = {"stage": "filling", "fills": [], "from": 0, "lost": False}


class NextDb:
    """The file beside read.db; open only while something stands in it."""

    def __init__(
        self, folder: Path, journal: Journal, projection: Callable[[str], Projection | None], *, fast: bool
    ) -> None:
        self.path = folder / "read.next.db"
        self._journal = journal
        self._projection = projection
        self._fast = fast
        self._store: ReadStore | None = None
        self._inode = 0
        self._pages = (limits.MAX_READ_BYTES + policy.OWN_BYTES) // limits.PAGE_BYTES // 2

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._store is not None:
            with suppress(sqlite3.DatabaseError):
                self._store.close()
            self._store = None

    def standing(self) -> dict[str, Standing]:
        """Return what stands beside, by the name of the read model."""
        standing: dict[str, Standing] = json.loads(self._journal.setting("beside", "{}"))
        return standing

    def store(self) -> ReadStore:
        """Return the file as a read store; it is made if it is not there."""
        if self._store is None:
            self._store = ReadStore(self.path, synchronous="OFF" if self._fast else "NORMAL")
            self._store.connection.text_factory = own.any_text
            open_books(self._store)
            self._inode = self.path.stat().st_ino
        return self._store

    def checkpoints(self) -> dict[str, Checkpoint]:
        """Return the checkpoint of each read model that stands beside."""
        standing = self.standing()
        if not standing:
            return {}
        return {found.name: found for found in self.store().checkpoints() if found.name in standing}

    def projection(self, name: str) -> Projection | None:
        """Return the projection that fills a read model beside: by the text of an edit, or by the deployed one."""
        text = self.standing().get(name, {}).get("text")
        return self._projection(name) if text is None else own.read(name, text)

    def begin(self, projection: Projection, text: str | None = None) -> Standing:
        """Make a read model's empty table beside, where nothing of it stands; raise CannotDo if the guard refuses it.

        Return what lab.db has to know of it; ``text`` is that of an edit.
        """
        store = self.store()
        own.begin(store, self.path, projection, 0, self._pages)
        return BEGUN if text is None else BEGUN | {"text": text}

    def fill(self, projection: Projection, feed: own.Feed, limit: int, turn: own.Turn | None) -> None:
        """Apply up to ``limit`` events to a read model beside."""
        own.fill(self.store(), self.path, projection, feed, limit, self._pages, turn)

    def share_room(self, read: sqlite3.Connection, pages: int) -> None:
        """Let this file and read.db together grow to so many pages."""
        mine = 0
        if self._store is not None:
            used: int = read.execute("PRAGMA page_count").fetchone()[0]
            mine = self._pages = min(pages // 2, pages - used)
            self._store.connection.execute(f"PRAGMA max_page_count = {mine}")
        read.execute(f"PRAGMA max_page_count = {pages - mine}")

    # It may vanish

    def ensure(self) -> None:
        """If the file was deleted or damaged under us, begin again what was being filled; an old one is gone."""
        standing = self.standing()
        if not standing:
            return
        if not self._is_whole():
            self.remove()
        there = self.checkpoints()
        lost = [name for name in standing if name not in there]
        for name in lost:
            projection = self.projection(name)
            try:
                if standing[name]["stage"] == "switched" or projection is None:
                    del standing[name]
                else:
                    standing[name] = {**self.begin(projection, standing[name].get("text")), "lost": True}
            except CannotDo:
                del standing[name]
        if lost:
            self._journal.set("beside", json.dumps(standing))

    def _is_whole(self) -> bool:
        try:
            if self._store is not None and self.path.stat().st_ino != self._inode:
                return False
            self.store().checkpoints()
        except FileNotFoundError:
            return False
        except sqlite3.DatabaseError as error:
            if not missing(error):
                raise
            return False
        return True

    def check(self) -> None:
        """Look through the whole file, and remove it if it is damaged anywhere."""
        if self.standing() and self._is_whole():
            with suppress(sqlite3.DatabaseError):
                if self.store().connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                    return
            self.remove()

    def discard(self, projection: Projection) -> None:
        """Drop what stands beside of one read model; the file goes with the last."""
        if self._store is None and not self.path.exists():
            return
        self.store().drop(projection)
        if not self.store().checkpoints():
            self.remove()

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        for leftover in self.path.parent.glob(f"{self.path.name}*"):
            leftover.unlink()
