"""Both stores as tables of plain text, for those who try a lesson on the command line."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from lab.sandbox import Sandbox
from lab.tables import tables as names_of

HIDDEN = {"events": ("event_id", "stream_version", "recorded_at", "hash"), "commands": ("recorded_at",)}
INNER = ("_migrations", "_lines")
MOST_ROWS = 12
MOST_CHARS = 48


def tables(sandbox: Sandbox) -> str:
    """Return every table of both stores that holds rows, the newest rows of long ones."""
    parts = []
    for store, connection in (("write store", sandbox.write.connection), ("read store", sandbox.reader)):
        for name in names_of(connection):
            parts += list(_table(connection, store, name))
    return "\n".join(parts)


def _table(connection: sqlite3.Connection, store: str, name: str) -> Iterator[str]:
    cursor = connection.execute(f'SELECT * FROM "{name}"')
    columns = [column for column, *_ in cursor.description]
    shown = [index for index, column in enumerate(columns) if column not in HIDDEN.get(name, ())]
    rows = [[_cell(row[index]) for index in shown] for row in cursor.fetchall()]
    if not rows or name in INNER:
        return
    yield f"{store}: {name}" + (f" (the last {MOST_ROWS} of {len(rows):,} rows)" if len(rows) > MOST_ROWS else "")
    grid = [[columns[index] for index in shown], *rows[-MOST_ROWS:]]
    widths = [max(len(row[column]) for row in grid) for column in range(len(shown))]
    for row in grid:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""


def _cell(value: Any) -> str:
    text = "NULL" if value is None else str(value)
    return text if len(text) <= MOST_CHARS else text[: MOST_CHARS - 1] + "…"
