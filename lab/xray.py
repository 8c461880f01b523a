"""The X-ray: what both stores hold, row by row, as plain data for whoever shows it.

A table is seen through a window of a few rows, newest first once it is larger than that; how many rows
there are in all stands beside it. Nothing here changes anything.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cqrs.events import RecordedEvent
from lab.keys import Key, key_of, text_of
from lab.own import shown
from lab.sandbox import Sandbox
from lab.standing import head_at_start

WINDOW = 8
PAGE = 50


class Cell(NamedTuple):
    """One value; where the write store would say something else, it is stale and ``truth`` is that."""

    column: str
    value: Any
    stale: bool = False
    truth: Any = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``side`` says where it is, if not where it should be: 'not here yet' or 'gone'.

    ``again`` counts the rows above it that have the same key, where a key names more than one.
    """

    key: str
    cells: list[Cell]
    fresh: bool = False
    from_event: int | None = None
    side: str = ""
    again: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table through its window: ``shown`` of ``total`` rows, and how many rows are only on the other side.

    ``unknown`` says why nobody can tell whether a read model is true.
    """

    name: str
    columns: list[str]
    rows: list[Row]
    total: int
    key: tuple[str, ...] = ()
    missing: int = 0
    unknown: str = ""

    @property
    def shown(self) -> int:
        """How many of its own rows the window shows."""
        return sum(row.side != "not here yet" for row in self.rows)


_NEWEST_ORDERS = (
    "(SELECT substr(stream, 7) AS newest, max(position) AS position FROM"
    " (SELECT stream, position FROM events WHERE stream LIKE 'order-%' ORDER BY position DESC LIMIT 16)"
    " GROUP BY stream)"
)

WRITE_TABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "products": (
        ("id",),
        "events JOIN products ON id = payload ->> 'product_id' WHERE type = 'ProductAdded' ORDER BY position DESC",
    ),
    "stock": (
        ("product_id",),
        "events JOIN stock ON product_id = payload ->> 'product_id' WHERE type = 'ProductAdded' ORDER BY position DESC",
    ),
    "orders": (("id",), f"{_NEWEST_ORDERS} JOIN orders ON id = newest ORDER BY position DESC"),
    "order_lines": (
        ("order_id", "product_id"),
        f"{_NEWEST_ORDERS} JOIN order_lines ON order_id = newest ORDER BY position DESC",
    ),
    "customers": (
        ("id",),
        "events JOIN customers ON id = payload ->> 'customer_id' WHERE type = 'CustomerRegistered'"
        " ORDER BY position DESC",
    ),
    "commands": (("command_id",), "commands ORDER BY recorded_at DESC, position DESC"),
}
"""The tables of the write store but the log: what names a row, and where the newest ones are found quickly."""

_STAND_STILL = ("products", "stock", "customers")


def write_tables(sandbox: Sandbox) -> list[Table]:
    """Return the tables of the write store; a row that the newest command changed is fresh."""
    connection = sandbox.write.connection
    touched = _touched_last(connection, head_at_start(sandbox))
    return [_write_table(connection, name, touched) for name in WRITE_TABLES]


def _touched_last(connection: sqlite3.Connection, start: int) -> set[tuple[str, Key]]:
    """Return what the newest command changed since a position; one that was refused has only been noted."""
    newest = newest_event(connection)
    if newest is None or newest.position <= start:
        return set()
    refused = connection.execute(
        "SELECT command_id FROM commands WHERE recorded_at > ? AND outcome = 'refused'"
        " ORDER BY recorded_at DESC LIMIT 1",
        (newest.recorded_at,),
    ).fetchone()
    if refused:
        return {("commands", refused)}
    # A bulk restocks what it orders, so that its stock is what it was before.
    in_bulk = re.fullmatch(r"cmd-\d+-\d+", newest.command_id)
    return {row for row in touched_by(newest) if not (in_bulk and row[0] == "stock")}


def _write_table(connection: sqlite3.Connection, name: str, touched: set[tuple[str, Key]]) -> Table:
    key, source = WRITE_TABLES[name]
    total: int = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    columns, found = fetch(connection, f"SELECT {name}.* FROM {source} LIMIT {WINDOW}")
    changed = [row_key for table, row_key in touched if table == name]
    for row_key in changed:
        if row_key not in [key_of(row, key) for row in found]:
            where = " AND ".join(f"{column} = ?" for column in key)
            found = fetch(connection, f"SELECT * FROM {name} WHERE {where}", row_key)[1] + found
    found = found[:WINDOW]
    if name in _STAND_STILL and total <= WINDOW:
        found.reverse()
    rows = [
        Row(text_of(key_of(row, key)), [Cell(*item) for item in row.items()], fresh=key_of(row, key) in changed)
        for row in found
    ]
    return Table(name, columns, rows, total, key)


def newest_event(connection: sqlite3.Connection) -> RecordedEvent | None:
    """Return the event at the head of the log."""
    row = connection.execute("SELECT * FROM events ORDER BY position DESC LIMIT 1").fetchone()
    return RecordedEvent(*row) if row else None


def touched_by(event: RecordedEvent) -> set[tuple[str, Key]]:
    """Return the rows of the write store that an event's command changed: (table, key)."""
    told = json.loads(event.payload)
    lines = told.get("lines", [])
    touched: set[tuple[str, Key]] = {("commands", (event.command_id,))}
    if "order_id" in told:
        touched.add(("orders", (told["order_id"],)))
        touched |= {("stock", (line["product_id"],)) for line in lines}
    elif "product_id" in told:
        table = "stock" if event.type == "StockAdded" else "products"
        touched.add((table, (told["product_id"],)))
    else:
        touched.add(("customers", (told["customer_id"],)))
    if event.type == "ProductAdded":
        touched.add(("stock", (told["product_id"],)))
    if event.type == "OrderPlaced":
        touched |= {("order_lines", (told["order_id"], line["product_id"])) for line in lines}
    return touched


def fetch(
    connection: sqlite3.Connection, sql: str, parameters: Iterable[Any] = ()
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the columns of a SELECT, and its rows."""
    cursor = connection.execute(sql, tuple(parameters))
    columns = [column[0] for column in cursor.description]
    return columns, [dict(zip(columns, row, strict=True)) for row in cursor]


# One table, a page at a time


def table_page(sandbox: Sandbox, store: str, name: str, start: int) -> dict[str, Any] | None:
    """Return PAGE rows of a table from a row on, by its key; None if there is no such table."""
    if store == "write" and name in WRITE_TABLES:
        connection, key = sandbox.write.connection, WRITE_TABLES[name][0]
    elif store == "read" and name in sandbox.projections:
        connection, key = sandbox.reader, sandbox.projections[name].key
    else:
        return None
    total: int = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    columns, rows = fetch(
        connection, f'SELECT * FROM "{name}" ORDER BY {", ".join(key)} LIMIT ? OFFSET ?', (PAGE, start)
    )
    return {
        "store": store,
        "name": name,
        "columns": columns,
        "rows": rows if store == "write" else [{name: shown(value) for name, value in row.items()} for row in rows],
        "start": start,
        "total": total,
        "before": max(start - PAGE, 0) if start else None,
        "after": start + PAGE if start + PAGE < total else None,
    }
