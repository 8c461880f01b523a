"""What the accepted commands lead to, compared with the rows of a write store, to say where it is damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cqrs.write.store import WriteStore
from lab import reissue

STATE = {"customers": 1, "products": 1, "stock": 1, "orders": 1, "order_lines": 2, "commands": 1, "_migrations": 1}
"""The tables that the accepted commands lead to, each with the number of columns that name a row."""


def other_rows(connection: sqlite3.Connection) -> str:
    """Issue the accepted commands again in a scratch, and say which row they do not lead to."""
    with TemporaryDirectory() as scratch:
        with closing(sqlite3.connect(Path(scratch, "copy.db"))) as copy:
            connection.backup(copy)
        with (
            closing(WriteStore(Path(scratch, "copy.db"), synchronous="OFF")) as kept,
            closing(WriteStore(Path(scratch, "again.db"), synchronous="OFF")) as again,
        ):
            try:
                for command in reissue.accepted(kept, 0, kept.head()):
                    reissue.issue(again, command)
            except Exception as error:
                # A command whose row is damaged may fail in any way.
                return f"table commands: a command cannot be issued again: {error}"
            return _first_difference(kept.connection, again.connection)


def _first_difference(kept: sqlite3.Connection, again: sqlite3.Connection) -> str:
    shapes = [
        set(store.execute("SELECT name, sql FROM sqlite_master WHERE type <> 'index'")) for store in (kept, again)
    ]
    if shapes[0] != shapes[1]:
        return f"its schema is not that of a write store: {min(name for name, _ in shapes[0] ^ shapes[1])}"
    for table, width in STATE.items():
        sql = f"SELECT * FROM {table}" + (" WHERE outcome = 'accepted'" if table == "commands" else "")
        rows, true = set(kept.execute(sql)), set(again.execute(sql))
        if rows != true:
            return f"table {table}: {_differing_row(kept, table, width, rows, true)}"
    return "its rows agree with one another and are not those that were put away: it may be another sandbox's"


def _differing_row(
    kept: sqlite3.Connection, table: str, width: int, rows: set[tuple[Any, ...]], true: set[tuple[Any, ...]]
) -> str:
    """Say of one row what it has, and what the accepted commands lead to."""
    found, right = ({row[:width]: row for row in side} for side in (rows - true, true - rows))
    key = min(found | right, key=str)
    name = ", ".join(map(str, key))
    if key not in found:
        return f"{name} is missing, though the accepted commands lead to it"
    if key not in right:
        return f"{name} is there, and no accepted command leads to it"
    columns = [column for (column,) in kept.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    column, is_now, should_be = next(
        each for each in zip(columns, found[key], right[key], strict=True) if each[1] != each[2]
    )
    return f"{name} has {column} {is_now}, the accepted commands lead to {should_be}"
