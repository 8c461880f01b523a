"""What SQLite said of a statement, with what a hint is drawn from: the place, and the names that there are."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from lab.guard import policy
from lab.guard.messages import Place
from lab.guard.places import plain


class Names(NamedTuple):
    """The tables that can be asked, and the columns that they have: all of them, and those of each."""

    tables: list[str]
    columns: list[str]
    of: Mapping[str, Sequence[str]] = MappingProxyType({})


def names_of(connection: sqlite3.Connection) -> Names:
    """Return the tables of every file that a connection has open, and their columns."""
    kinds = "type IN ('table', 'view', 'virtual')"
    found = connection.execute(f"SELECT schema, name FROM pragma_table_list WHERE {kinds}").fetchall()
    seen = [(schema, table) for schema, table in found if table in policy.BOOKKEEPING or not _reserved(table)]
    of = {
        table: [column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema))]
        for schema, table in sorted(seen, key=lambda each: (each[1][0] == "_", each[1]))
    }
    return Names(list(of), list(dict.fromkeys(column for columns in of.values() for column in columns)), of)


def _reserved(table: str) -> bool:
    return table.lower().startswith(policy.RESERVED)


class Complaint(NamedTuple):
    """What SQLite said, of which statement, and where in it."""

    said: str
    sql: str
    place: Place | None
    names: Names

    @property
    def plain(self) -> str:
        """The statement without its texts and comments."""
        return plain(self.sql)

    @property
    def tables(self) -> list[str]:
        """The tables that the statement names."""
        return [table for table in self.names.of if self.has(table)]

    @property
    def columns(self) -> list[str]:
        """The columns of these tables."""
        return [column for table in self.tables for column in self.names.of[table]]

    def has(self, word: str) -> bool:
        """Tell whether a word stands in the statement otherwise than before a dot."""
        return bool(re.search(rf"(?<![.\w]){re.escape(word)}\b(?!\s*\.)", self.plain, re.IGNORECASE))
