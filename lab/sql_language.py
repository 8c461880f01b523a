"""The line that asks a store in SQL: from words to an action."""

import sqlite3

from lab.actions import Sql
from lab.guard import policy
from lab.values import BadLine, closest, long_text

EXAMPLE = 'sql read "SELECT * FROM sales"'

MOST_CHARS = policy.LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]

FIRST = {"read": "sales", "write": "orders"}
"""A table of each store to begin with."""


def question(words: list[str]) -> Sql:
    """Read ``sql read|write "<one statement>"``."""
    if len(words) != 2:
        raise BadLine(f"sql needs a store, and one statement in double quotes; for example: {EXAMPLE}")
    store, text = words
    if store not in ("read", "write"):
        raise BadLine(f"there is no store {store}; {closest(store, ('read', 'write'))}; for example: {EXAMPLE}")
    if not text.strip():
        raise BadLine("an empty question asks nothing; for example: SELECT * FROM " + FIRST[store])
    return Sql("read" if store == "read" else "write", long_text(text, "a question", MOST_CHARS))
