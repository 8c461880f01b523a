"""What was asked in SQL before, from the journal; and what there is to ask: the tables and their columns."""

from typing import NamedTuple

from lab.actions import Sql
from lab.guard import policy
from lab.language import parse
from lab.sandbox import Sandbox
from lab.stores import columns_of, tables
from lab.values import BadLine

MOST = 12


class Asked(NamedTuple):
    """A question that was asked: its line in the journal, and how it ended."""

    n: int
    store: str
    sql: str
    outcome: str | None
    reason: str | None


def history(sandbox: Sandbox, store: str | None = None, most: int = MOST) -> list[Asked]:
    """Return the last questions, the newest first: to one store, or to both."""
    begins = f"sql {store} " if store else "sql "
    rows = sandbox.lab.connection.execute(
        "SELECT n, line, outcome, reason FROM journal WHERE line LIKE ? || '%' ORDER BY n DESC LIMIT ?", (begins, most)
    ).fetchall()
    return [found for row in rows if (found := _asked(*row))]


def asked(sandbox: Sandbox, n: int) -> Asked | None:
    """Return the question of a line of the journal; None if that line asked nothing."""
    row = sandbox.lab.connection.execute(
        "SELECT n, line, outcome, reason FROM journal WHERE n = ? AND line LIKE 'sql %'", (n,)
    ).fetchone()
    return _asked(*row) if row else None


def _asked(n: int, line: str, outcome: str | None, reason: str | None) -> Asked | None:
    try:
        action = parse(line)
    except BadLine:
        return None
    return Asked(n, action.store, action.sql, outcome, reason) if isinstance(action, Sql) else None


def names(sandbox: Sandbox, store: str) -> dict[str, list[str]]:
    """Return the tables of a store that can be asked, with their columns; the bookkeeping comes last."""
    connection = sandbox.reader if store == "read" else sandbox.write.connection
    seen = [table for table in tables(connection) if not table.startswith("_") or table in policy.BOOKKEEPING]
    return {table: columns_of(connection, table) for table in sorted(seen, key=lambda table: (table[0] == "_", table))}
