"""What was asked in SQL before, from the journal; and what there is to ask: the tables and their columns."""

from functools import lru_cache
from typing import NamedTuple

from lab.actions import Sql
from lab.guard import policy
from lab.language import parse
from lab.sandbox import Sandbox
from lab.tables import columns_of, tables
from lab.values import BadLine

MOST = 12
LOOKED_AT = 100
"""So many lines are looked through for different questions."""


class Asked(NamedTuple):
    """A question that was asked: its line in the journal, how it ended, at which event, and how often it was asked."""

    n: int
    store: str
    sql: str
    outcome: str | None
    reason: str | None
    head: int | None = None
    times: int = 1


def history(sandbox: Sandbox) -> list[Asked]:
    """Return the last different questions to both stores, each as it was asked last, the newest first."""
    rows = sandbox.lab.connection.execute(HISTORY, {"looked_at": LOOKED_AT, "most": MOST}).fetchall()
    return [found._replace(head=head, times=times) for *row, head, times in rows if (found := _asked(*row))]


HISTORY = """
WITH last AS (SELECT n, line FROM journal WHERE line LIKE 'sql %' ORDER BY n DESC LIMIT :looked_at),
     different AS (SELECT max(n) AS n, count(*) AS times FROM last GROUP BY line ORDER BY 1 DESC LIMIT :most),
     heads AS (SELECT n, max(head) AS head FROM samples WHERE n IN (SELECT n FROM different) GROUP BY n)
SELECT n, line, outcome, reason, head, times
FROM different JOIN journal USING (n) LEFT JOIN heads USING (n)
ORDER BY n DESC
"""


def asked(sandbox: Sandbox, n: int) -> Asked | None:
    """Return the question of a line of the journal; None if that line asked nothing."""
    row = sandbox.lab.connection.execute(
        "SELECT n, line, outcome, reason FROM journal WHERE n = ? AND line LIKE 'sql %'", (n,)
    ).fetchone()
    return _asked(*row) if row else None


def _asked(n: int, line: str, outcome: str | None, reason: str | None) -> Asked | None:
    question = _question(line)
    return Asked(n, question.store, question.sql, outcome, reason) if question else None


@lru_cache(maxsize=500)
def _question(line: str) -> Sql | None:
    """Read a line; a long one takes long, and the same ones are shown with every answer."""
    try:
        action = parse(line)
    except BadLine:
        return None
    return action if isinstance(action, Sql) else None


def names(sandbox: Sandbox, store: str) -> dict[str, list[str]]:
    """Return the tables of a store that can be asked, with their columns; the bookkeeping comes last."""
    connection = sandbox.reader if store == "read" else sandbox.write.connection
    seen = [table for table in tables(connection) if not table.startswith("_") or table in policy.BOOKKEEPING]
    return {table: columns_of(connection, table) for table in sorted(seen, key=lambda table: (table[0] == "_", table))}


def types(sandbox: Sandbox, store: str) -> dict[str, dict[str, str]]:
    """Return the type that each column of a store's tables was made with; a column may have none."""
    connection = sandbox.reader if store == "read" else sandbox.write.connection
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(TYPES):
        found.setdefault(table, {})[column] = kind
    return found


TYPES = """
SELECT tables.name, columns.name, columns.type
FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
WHERE tables.schema = 'main'
"""
