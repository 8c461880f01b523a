"""The difference between two moments, table by table: rows that are new, that changed, that are gone."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from cqrs.read.projection import Projection
from lab import limits, own
from lab.keys import Key, key_of
from lab.travel_moments import Moment

Row = dict[str, Any]

WRITE_TABLES: dict[str, tuple[str, ...]] = {
    "products": ("id",),
    "stock": ("product_id",),
    "orders": ("id",),
    "order_lines": ("order_id", "product_id"),
    "customers": ("id",),
}
"""The state that the write store keeps beside its log, and what names a row."""


class Difference(NamedTuple):
    """What became of one table: each row by its key; of a changed row how it was, and how it is."""

    added: dict[Key, Row]
    changed: dict[Key, tuple[Row, Row]]
    gone: dict[Key, Row]

    @property
    def rows(self) -> int:
        """How many rows differ."""
        return len(self.added) + len(self.changed) + len(self.gone)

    def as_json(self, key: tuple[str, ...]) -> dict[str, Any]:
        """Return it as an action answers it: a changed row has its key, and each changed cell as [old, new]."""
        told = {
            "added": _first(self.added),
            "changed": [_told(key, *rows) for rows in _first(self.changed)],
            "gone": _first(self.gone),
        }
        more = self.rows - sum(len(rows) for rows in told.values())
        return told | ({"more": more} if more else {})


def _first(rows: Mapping[Key, Any]) -> list[Any]:
    return list(islice(rows.values(), limits.MAX_DIFFERENCE_ROWS))


def _told(key: tuple[str, ...], before: Row, after: Row) -> Row:
    cells = {column: [before[column], value] for column, value in after.items() if before[column] != value}
    return {column: after[column] for column in key} | cells


def of_write(since: Moment, at: Moment) -> dict[str, Difference]:
    """Return how the tables of the write store differ between two moments."""
    return _between(since.write, at.write, WRITE_TABLES)


def of_read(since: Moment, at: Moment, models: Mapping[str, Projection]) -> dict[str, Difference]:
    """Return how the read models differ between two moments."""
    return _between(since.read, at.read, {name: projection.key for name, projection in models.items()})


def _between(before: Path, after: Path, tables: Mapping[str, tuple[str, ...]]) -> dict[str, Difference]:
    with closing(connect(after)) as connection:
        connection.execute("ATTACH ? AS before", (_frozen(before),))
        return {name: _difference(connection, name, key) for name, key in tables.items()}


def _difference(connection: sqlite3.Connection, table: str, key: tuple[str, ...]) -> Difference:
    came = _only_in(connection, "main", "before", table, key)
    went = _only_in(connection, "before", "main", table, key)
    return Difference(
        {name: row for name, row in came.items() if name not in went},
        {name: (went[name], row) for name, row in came.items() if name in went},
        {name: row for name, row in went.items() if name not in came},
    )


def _only_in(connection: sqlite3.Connection, here: str, there: str, table: str, key: tuple[str, ...]) -> dict[Key, Row]:
    cursor = connection.execute(
        f'SELECT * FROM {here}."{table}" EXCEPT SELECT * FROM {there}."{table}" ORDER BY {", ".join(key)}'
    )
    columns = [column[0] for column in cursor.description]
    rows = (dict(zip(columns, map(own.shown, row), strict=True)) for row in cursor)
    return {key_of(row, key): row for row in rows}


def connect(store: Path) -> sqlite3.Connection:
    """Open one store of a moment to read it."""
    connection = sqlite3.connect(_frozen(store), uri=True)
    connection.text_factory = own.any_text
    return connection


def _frozen(store: Path) -> str:
    """Nobody writes to it any more, so SQLite needs no lock and leaves no file beside it."""
    return f"{store.absolute().as_uri()}?immutable=1"
