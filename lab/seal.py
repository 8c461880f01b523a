"""The seal of closed stores: what they were when they were put away, so that harm done to them since is noticed.

It is a small file beside them, written once they are closed, and broken before anything is written again.
Where there is none, the process that had them open was killed, or another program holds one of them.
"""

import hashlib
import json
import sqlite3
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

STORES = ("write.db", "read.db")


class Seal(NamedTuple):
    """The SHA-256 of each file's bytes, and one over the rows and the schema of write.db."""

    files: dict[str, str]
    rows: str

    def holds(self, path: Path) -> bool:
        """Tell whether a file is, byte for byte, what was put away."""
        return path.is_file() and not has_wal(path) and digest(path) == self.files.get(path.name)


def put(folder: Path, rows: str) -> None:
    """Seal the closed stores of a folder, unless another program still has one of them open."""
    if not any(has_wal(folder / name) for name in STORES):
        seal = Seal({name: digest(folder / name) for name in STORES}, rows)
        unfinished = folder / "seal.unfinished"
        unfinished.write_text(json.dumps(seal._asdict()), encoding="utf-8")
        unfinished.replace(_path(folder))


def of(folder: Path) -> Seal | None:
    """Return the seal of a folder's stores, None if they have none that can be read."""
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        written = json.loads(_path(folder).read_text(encoding="utf-8"))
        return Seal({str(name): str(value) for name, value in written["files"].items()}, str(written["rows"]))
    return None


def break_(folder: Path) -> None:
    """Remove the seal, before anything is written."""
    _path(folder).unlink(missing_ok=True)


def has_wal(path: Path) -> bool:
    """Tell whether changes lie beside a store that are not yet in it; an empty -wal file is none."""
    wal = path.with_name(f"{path.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of(connection: sqlite3.Connection, but: Container[str] = ()) -> str:
    """Return one SHA-256 over a store's schema and every row of its tables, but those of some."""
    found = hashlib.sha256()
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    found.update(repr(schema).encode())
    for kind, name, *_ in schema:
        if kind == "table" and name.lower() not in but:
            for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2'):
                found.update(repr(row).encode())
    return found.hexdigest()


def _path(folder: Path) -> Path:
    return folder / "seal.json"
