"""What was asked in SQL before, from the journal; and what there is to ask: the tables and their columns."""

import json
from collections import Counter
from typing import NamedTuple

from lab.actions import Sql
from lab.guard import policy
from lab.language import parse
from lab.sandbox import Sandbox
from lab.stores import columns_of, tables
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
    connection = sandbox.lab.connection
    rows = connection.execute(
        "SELECT n, line, outcome, reason FROM journal WHERE line LIKE 'sql %' ORDER BY n DESC LIMIT ?", (LOOKED_AT,)
    ).fetchall()
    found = [each for row in rows if (each := _asked(*row))]
    times = Counter((each.store, each.sql) for each in found)
    different = {(each.store, each.sql): each for each in reversed(found)}
    last = sorted(different.values(), key=lambda each: -each.n)[:MOST]
    heads = dict(
        connection.execute(
            "SELECT n, max(head) FROM samples WHERE n IN (SELECT value FROM json_each(?)) GROUP BY n",
            (json.dumps([each.n for each in last]),),
        )
    )
    return [each._replace(head=heads.get(each.n), times=times[each.store, each.sql]) for each in last]


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
