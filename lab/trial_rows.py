"""Rows that should be the same: the first that differ, by key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def keys(self, key: Sequence[str]) -> list[Row]:
        """Return the key of each row, in order."""
        numbers = [self.columns.index(name) for name in key]
        return [tuple(row[number] for number in numbers) for row in self.rows]

    def by(self, key: Sequence[str]) -> dict[Row, list[Row]]:
        """Return the rows by key; nothing says that a key names one row only."""
        found: dict[Row, list[Row]] = {}
        for name, row in zip(self.keys(key), self.rows, strict=True):
            found.setdefault(name, []).append(row)
        return found

    def narrowed(self, columns: Sequence[str]) -> "Table":
        """Return the same rows with these columns only."""
        numbers = [self.columns.index(name) for name in columns]
        return Table(tuple(columns), tuple(tuple(row[number] for number in numbers) for row in self.rows))


def in_order(rows: Sequence[Row]) -> list[str]:
    """Return rows in an order that does not hang on how they came; 1 and 1.0 are two things, as they are to SQLite."""
    return sorted(map(repr, rows))


@dataclass(frozen=True, slots=True)
class About:
    """The event that made a row differ. ``exact`` tells whether the row was seen to be right before and wrong after;
    else it is the last event that speaks of the row. ``handled`` tells whether the file has a block for it.
    """

    position: int
    type: str
    handled: bool
    exact: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs: what it ``says``, and what it ``should`` say; None is no row.

    ``times`` is how often it is there, where once would be right.
    ``key`` names the row, by the columns ``named``; ``columns`` are those of both rows.
    """

    named: tuple[str, ...]
    key: Row
    columns: tuple[str, ...]
    says: Row | None
    should: Row | None
    times: int = 1
    event: About | None = None

    @property
    def wrong(self) -> str | None:
        """Name the first column that differs; None if the whole row is missing, or should not be there."""
        return next(iter(self.all_wrong), None)

    @property
    def all_wrong(self) -> list[str]:
        """Name the columns that differ; none if the whole row is missing, or should not be there."""
        if self.says is None or self.should is None or self.times > 1:
            return []
        pairs = zip(self.columns, self.says, self.should, strict=True)
        return [column for column, says, should in pairs if repr(says) != repr(should)]


def differences(says: Table, should: Table, key: Sequence[str]) -> Iterator[Difference]:
    """Yield the rows that differ: first those that should be there, in their order, then those that should not."""
    there, wanted, columns = says.by(key), should.by(key), should.columns
    for name, rows in wanted.items():
        found = there.get(name, [])
        if in_order(found) != in_order(rows):
            times = len(found) if len(found) > len(rows) else 1
            pair = _unlike(found, rows) if found else (None, rows[0])
            yield Difference(tuple(key), name, columns, *pair, times)
    for name, found in there.items():
        if name not in wanted:
            yield Difference(tuple(key), name, columns, found[0], None, len(found))


def _unlike(found: list[Row], rows: list[Row]) -> tuple[Row | None, Row | None]:
    """Return the first row on each side that the other has not."""
    left, right = set(map(repr, found)), set(map(repr, rows))
    says = next((row for row in found if repr(row) not in right), found[0])
    return says, next((row for row in rows if repr(row) not in left), rows[0])
