"""A text in double quotes: SQLite takes it for a name, and where nothing has that name, for a text without a word."""

import re
from collections.abc import Callable

QUOTED = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?(?:\*/|$)|\"([^\"\[\]]+)\"", re.DOTALL)
"""Texts and comments, and names in double quotes."""

MOST_TRIES = 4

TOLD = "SQLite took \"{0}\" for a text, because no column is called that. A text stands in single quotes: '{1}'."


def taken_for_text(sql: str, complaint: Callable[[str], str]) -> str | None:
    """Say which name in double quotes became a text. Square brackets hold a name and never a text, so they tell.

    ``complaint`` returns what SQLite says of a statement.
    """
    names = [found for found in QUOTED.finditer(sql) if found[1]]
    for found in names[:MOST_TRIES]:
        said = complaint(f"{sql[: found.start()]}[{found[1]}]{sql[found.end() :]}")
        if said.endswith(f"no such column: {found[1]}"):
            return TOLD.format(found[1], found[1].replace("'", "''"))
    return None
