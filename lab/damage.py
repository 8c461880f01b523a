"""What befell closed stores: read.db is made again from the log, but write.db is looked at and never touched."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cqrs.sql import connect_read_only
from cqrs.write.store import GENESIS, chain
from lab import seal
from lab.guard.own import BUILT_IN
from lab.journal import Journal
from lab.led_to import other_rows
from lab.notices import AGAIN
from lab.seal import Seal

Check = Callable[[sqlite3.Connection], str | None]
"""Looks for one kind of damage; returns what it found, in words."""

HARM = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""What SQLite says of a damaged file. Any other error (a lock, no room, no permission) is no damage."""

SOUND = "was changed while it was put away; every row and hash was compared, and all are as they were"


class Damaged(Exception):
    """A store that nothing can make again is damaged; the message says where, and ``folder`` has the files."""

    def __init__(self, what: str, folder: Path) -> None:
        super().__init__(what)
        self.folder = folder


def look_over(folder: Path) -> dict[str, str]:
    """Return what befell the closed stores of a folder; a read.db that is lost is removed. Raise Damaged."""
    sealed = seal.of(folder)
    found = {"write.db": of_write(folder, sealed), "read.db": of_read(folder, sealed)}
    if found["read.db"]:
        remove_read(folder)
    return {name: said for name, said in found.items() if said}


# The read store


def remove_read(folder: Path) -> None:
    """Remove read.db with what lies beside it."""
    for leftover in folder.glob("read.db*"):
        leftover.unlink()


def of_read(folder: Path, sealed: Seal | None) -> str | None:
    """Return what befell read.db, if it has to be made again."""
    path = folder / "read.db"
    if not (folder / "lab.db").exists() or (sealed and sealed.holds(path)):
        return None
    if not path.exists():
        return AGAIN.format("was gone")
    if sealed:
        return AGAIN.format("was damaged or replaced")
    with closing(_look_into(path)) as connection:
        harmed = any(_in_words(connection, check) for check in (not_writable, not_whole, unreadable_rows))
    return AGAIN.format("was damaged") if harmed else None


# The write store


def of_write(folder: Path, sealed: Seal | None) -> str | None:
    """Return None if write.db is as it was put away, or a remark if it differs and is sound; raise Damaged else."""
    path = folder / "write.db"
    if not (folder / "lab.db").exists() or (sealed and sealed.holds(path)):
        return None
    if not path.exists():
        raise Damaged("the file write.db is gone", folder)
    with closing(_look_into(path)) as connection:
        for check in (not_writable, broken_chain, not_whole, unreadable if sealed is None else _other_than(sealed)):
            if found := _in_words(connection, check):
                raise Damaged(found, folder)
    return SOUND if sealed else None


def _look_into(path: Path) -> sqlite3.Connection:
    """Open a store so that not even an empty file appears beside it; only changes in a -wal need more than that."""
    if seal.has_wal(path):
        return connect_read_only(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def _in_words(connection: sqlite3.Connection, check: Check) -> str | None:
    try:
        return check(connection)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        # Python's own complaint about text that is none has no code.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in HARM:
            raise
        return f"SQLite cannot read it: {error}"


def not_writable(connection: sqlite3.Connection) -> str | None:
    """Look at the two bytes of the header that say which SQLite may write the file, and which may read it."""
    path = connection.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    with open(path, "rb") as file:
        versions = file.read(20)[18:]
    return None if set(versions) <= {1, 2} else "its header asks for a newer SQLite than there is"


def broken_chain(connection: sqlite3.Connection) -> str | None:
    """Follow the hashes of the event log from the first event to the last."""
    rows = connection.execute("SELECT * FROM events ORDER BY position")
    before: tuple[object, ...] = (0, GENESIS)
    for row in rows:
        if row[0] != int(str(before[0])) + 1:
            return f"the event log has a gap: after event #{before[0]} comes #{row[0]}"
        if row[-1] != chain(str(before[-1]), *row[:-1]):
            return f"event #{row[0]} is not what was recorded: its hash does not follow from it and the hash before it"
        before = row
    return None


def not_whole(connection: sqlite3.Connection) -> str | None:
    """Let SQLite check the file's structure, its indexes and the rules of its tables."""
    said: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return None if said == "ok" else f"SQLite's integrity check says: {said.splitlines()[-1]}"


def unreadable(connection: sqlite3.Connection) -> str | None:
    """Read every row; what cannot be read is raised."""
    seal.rows_of(connection)
    return None


def unreadable_rows(connection: sqlite3.Connection) -> str | None:
    """Read every row of a read store; in a read model of a learner's own, a text may be any bytes."""
    own = {name for (name,) in connection.execute("SELECT name FROM _checkpoint")} - BUILT_IN
    seal.rows_of(connection, but=own)
    connection.text_factory = bytes
    for name in own:
        connection.execute(f'SELECT * FROM "{name}"').fetchall()
    return None


def _other_than(sealed: Seal) -> Check:
    return lambda connection: None if seal.rows_of(connection) == sealed.rows else other_rows(connection)


# The journal


def open_journal(folder: Path, *, fast: bool) -> Journal:
    """Open lab.db; raise Damaged if it is no database any more."""
    try:
        return Journal(folder / "lab.db", fast=fast)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in HARM[:2]:
            raise
        raise Damaged(f"SQLite cannot read lab.db, the journal: {error}", folder) from error
