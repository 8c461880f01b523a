"""What the page of a journey shows: each table as of an event through a window, with what differs from another marked.

A table keeps its place and its height while one moves: it has as many lines as it will need at the head.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from lab.keys import Key, key_of, text_of
from lab.own import is_own, shown
from lab.sandbox import Sandbox
from lab.travel import Journey
from lab.travel_difference import WRITE_TABLES, Difference, Row, connect
from lab.xray import WRITE_TABLES as NEWEST
from lab.xray import fetch

WINDOW = 4


class Cell(NamedTuple):
    """One value; where it changed, ``was`` is what it was."""

    column: str
    value: Any
    changed: bool = False
    was: Any = None


class Line(NamedTuple):
    """One row with its mark: '', 'new', 'changed' or 'gone'."""

    key: str
    cells: list[Cell]
    mark: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table through its window, and how much of it differs."""

    name: str
    columns: list[str]
    numbers: set[str]
    lines: list[Line]
    total: int
    height: int
    difference: Difference
    stopped: str | None = None

    @property
    def more(self) -> int:
        """How many rows differ beside those that are shown."""
        return self.difference.rows - sum(bool(line.mark) for line in self.lines)


def write_tables(sandbox: Sandbox, journey: Journey) -> list[Table]:
    """Return the tables of the write store as of then."""
    differences = journey.write()
    with closing(connect(journey.at.write)) as store:
        return [
            _table(store, name, key, NEWEST[name][1], _count(sandbox.write.connection, name), differences[name])
            for name, key in WRITE_TABLES.items()
        ]


def read_tables(sandbox: Sandbox, journey: Journey) -> list[Table]:
    """Return the read models as of then."""
    differences, stopped = journey.read(), journey.stopped()
    with closing(connect(journey.at.read)) as store:
        return [
            _table(
                store,
                name,
                projection.key,
                f'"{name}" ORDER BY {", ".join(projection.key) if is_own(projection) else "from_event DESC"}',
                _count(sandbox.reader, name),
                differences[name],
                stopped.get(name),
            )
            for name, projection in sorted(journey.models.items())
        ]


def _count(store: sqlite3.Connection, table: str) -> int:
    total: int = store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
    return total


def _table(
    store: sqlite3.Connection,
    name: str,
    key: tuple[str, ...],
    newest: str,
    total_now: int,
    difference: Difference,
    stopped: str | None = None,
) -> Table:
    total = _count(store, name)
    columns, found = fetch(store, f'SELECT "{name}".* FROM {newest} LIMIT {WINDOW}')
    found = [{column: shown(value) for column, value in row.items()} for row in found]
    here = {key_of(row, key): row for row in found}
    is_long = max(total, total_now) > WINDOW
    chosen = _differing_first(here, difference) if is_long else _in_order(here | difference.gone)
    lines = [_line(row_key, row, difference) for row_key, row in chosen.items()]
    height = max(min(WINDOW, max(total, total_now)), len(lines))
    typed = store.execute("SELECT name FROM pragma_table_info(?) WHERE type = 'INTEGER'", (name,))
    return Table(name, columns, {column for (column,) in typed}, lines, total, height, difference, stopped)


def _in_order(rows: dict[Key, Row]) -> dict[Key, Row]:
    try:
        return dict(sorted(rows.items(), key=lambda item: item[0]))
    except TypeError:
        # The keys of a learner's own read model may be numbers and texts at once.
        return dict(sorted(rows.items(), key=lambda item: repr(item[0])))


def _differing_first(newest: dict[Key, Row], difference: Difference) -> dict[Key, Row]:
    """Choose what a window shows of a long table: of what differs the newest, then the newest of the rest."""
    after = {row_key: row for row_key, (_, row) in difference.changed.items()}
    differing = _newest_first(difference.added | after | difference.gone)
    marked = {row_key: row for row_key, row in newest.items() if row_key in differing}
    return dict(list((marked | differing | newest).items())[:WINDOW])


def _newest_first(rows: dict[Key, Row]) -> dict[Key, Row]:
    return dict(sorted(rows.items(), key=lambda item: _number(item[1].get("from_event")), reverse=True))


def _number(value: object) -> int:
    """Return the number of an event; 0 where a learner's own read model has none."""
    return value if isinstance(value, int) else 0


def _line(key: Key, row: Row, difference: Difference) -> Line:
    mark = _mark(key, difference)
    was = difference.changed[key][0] if mark == "changed" else row
    return Line(text_of(key), list(_cells(row, was)), mark)


def _mark(key: Key, difference: Difference) -> str:
    if key in difference.changed:
        return "changed"
    return "new" if key in difference.added else "gone" if key in difference.gone else ""


def _cells(row: Row, was: Row) -> Iterable[Cell]:
    for column, value in row.items():
        yield Cell(column, value, was[column] != value, was[column])
