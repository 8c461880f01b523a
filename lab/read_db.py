"""read.db while it is open. It may be deleted, replaced or damaged at any moment, and is then begun again, empty."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from cqrs.read.projection import Projection
from cqrs.read.store import ReadStore, missing
from cqrs.sql import connect_read_only
from lab import damage, own
from lab.books import open_books
from lab.notices import AGAIN, Notices


class ReadDb:
    """Two connections to the file: the store that the projector writes, and a reader that can only look."""

    def __init__(self, folder: Path, notices: Notices, *, fast: bool) -> None:
        self.path = folder / "read.db"
        self._notices = notices
        self._fast = fast
        self._open()

    def close(self) -> None:
        """Close the file."""
        self.reader.close()
        self.store.close()

    @property
    def pages(self) -> int:
        """How many pages the file may grow to."""
        pages: int = self.store.connection.execute("PRAGMA max_page_count").fetchone()[0]
        return pages

    def begin(self, projection: Projection, position: int = 0) -> None:
        """Make a read model's empty table; raise CannotDo if it is a learner's own, and the guard refuses it."""
        own.begin(self.store, self.path, projection, position, self.pages)

    # It may vanish

    def lost(self) -> str | None:
        """Say what befell the file under us; None if it is the one that was opened, and can be read."""
        try:
            if self.path.stat().st_ino != self._inode:
                return "was replaced"
            self.store.checkpoints()
        except FileNotFoundError:
            return "was gone"
        except sqlite3.DatabaseError as error:
            if not missing(error):
                raise
            return "was damaged"
        return None

    def begin_again(self, why: str) -> None:
        """Put an empty file in the place of the one that there was."""
        self.reader.close()
        with suppress(sqlite3.DatabaseError):
            self.store.close()
        self._remove(why)
        self._open()

    def _open(self) -> None:
        try:
            self.store = ReadStore(self.path, synchronous="OFF" if self._fast else "NORMAL")
            self.store.checkpoints()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self._remove("was damaged")
            self._open()
            return
        self.reader = connect_read_only(self.path)
        for connection in (self.store.connection, self.reader):
            connection.text_factory = own.any_text
        open_books(self.store)
        self._inode = self.path.stat().st_ino

    def _remove(self, why: str) -> None:
        self._notices.add("read.db", AGAIN.format(why))
        damage.remove_read(self.path.parent)
