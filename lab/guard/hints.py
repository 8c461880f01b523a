"""What to do about the errors that learners meet most, beside what SQLite says of them."""

import re
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from lab.guard import policy
from lab.values import closest


class Names(NamedTuple):
    """The tables that can be asked, and the columns that they have."""

    tables: list[str]
    columns: list[str]


ELSEWHERE = {
    "concat": "a || b",
    "now": "datetime('now')",
    "getdate": "datetime('now')",
    "year": "strftime('%Y', a)",
    "month": "strftime('%m', a)",
    "left": "substr(a, 1, n)",
    "right": "substr(a, -n)",
    "len": "length(a)",
    "if": "iif(a, b, c)",
    "isnull": "ifnull(a, b)",
    "nvl": "ifnull(a, b)",
    "string_agg": "group_concat(a, ', ')",
    "to_char": "strftime('%Y-%m-%d', a) or printf('%.2f', a)",
    "greatest": "max(a, b)",
    "least": "min(a, b)",
}
"""How SQLite writes what other databases have a function for."""

Hint = str | Callable[[re.Match[str], Names], str]


def _column(found: re.Match[str], names: Names) -> str:
    name = found[1].rpartition(".")[2].strip('"')
    said = closest(name, names.columns) if names.columns else ""
    meant = said if said.startswith("did you") and name not in names.columns else ""
    return meant or f"A text stands in single quotes: '{name}'."


def _function(found: re.Match[str], names: Names) -> str:
    other = ELSEWHERE.get(found[1].lower())
    return f"SQLite writes {other} for it." if other else "SQLite has no function of that name."


HINTS: tuple[tuple[str, Hint], ...] = (
    (r"no such column: (\S+)", _column),
    (r"has no column named (\S+)", lambda found, names: closest(found[1], names.columns)),
    (r"no such table: (?:\w+\.)?(\S+)", lambda found, names: closest(found[1], names.tables)),
    (r"no such function: (\w+)", _function),
    (
        r'near "(?i:do)": syntax',
        "INSERT … SELECT needs WHERE true before ON CONFLICT, otherwise SQLite reads ON as a join.",
    ),
    (
        r"near .* syntax error",
        "SQLite could read everything before this. Look at this word and the one before it: is a comma too many or "
        "too few, is a word missing, is it a name that needs double quotes?",
    ),
    ("incomplete input", "It ends too early: is a bracket or a word missing?"),
    ("unrecognized token", "A quote that is opened has to be closed; a quote inside a text is written twice: 'it''s'."),
    (r"ambiguous column name: (\S+)", "More than one table here has that column: write table.column."),
    (
        "misuse of aggregate",
        "count, sum and the like cannot stand in WHERE: write HAVING, or SELECT from this SELECT.",
    ),
    ("HAVING", "HAVING looks at groups: write GROUP BY before it, or use WHERE."),
    ("no tables specified", "Say FROM which table."),
    ("(?i)same number of result columns", "Both sides of UNION need the same number of columns."),
    (
        r"UNIQUE constraint failed: \w+\.(\w+)",
        "There is such a row: INSERT … ON CONFLICT (…) DO UPDATE SET … changes it.",
    ),
    (
        "NOT NULL constraint failed",
        "This column got NULL: is a value given for it, and can a part of this value be NULL?",
    ),
    ("columns but|values for", "Name the columns: INSERT INTO table (a, b) VALUES (…), a value for each."),
    ("only one statement", "Take what stands behind the semicolon away, or ask it by itself."),
    ("work and was stopped|took longer", "Narrow it by WHERE, join tables by their keys, or look at fewer rows first."),
    (
        policy.READONLY.may,
        "Looking changes nothing. To change rows of a read model by hand there is the action patch.",
    ),
    ("_secret|cannot be read here", "What can be asked are the tables that the page shows."),
)
"""A part of a message, and what to do. The first that fits counts."""


def hint(said: str, names: Names) -> str | None:
    """Return what to do about an error; None if nothing general can be said."""
    for pattern, advice in HINTS:
        if found := re.search(pattern, said):
            return advice if isinstance(advice, str) else advice(found, names)
    return None


def names(connection: sqlite3.Connection) -> Names:
    """Return the tables of every file that a connection has open, and their columns."""
    kinds = "type IN ('table', 'view', 'virtual')"
    found = connection.execute(f"SELECT schema, name FROM pragma_table_list WHERE {kinds}").fetchall()
    seen = [(schema, table) for schema, table in found if table in policy.BOOKKEEPING or not _reserved(table)]
    columns = {
        column: None
        for schema, table in seen
        for (column,) in connection.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema))
    }
    return Names(sorted({table for _, table in seen}, key=lambda table: (table[0] == "_", table)), list(columns))


def _reserved(table: str) -> bool:
    return table.lower().startswith(policy.RESERVED)
