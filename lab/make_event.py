"""Which events have come for a text, and the line that records one where nobody has to think of anything."""

import json
import sqlite3
from collections.abc import Iterable

from lab.values import quoted

LINES = {
    "OrderPlaced": "bulk 12",
    "OrderCancelled": "cmd cancel_order order={}",
    "OrderShipped": "cmd ship_order order={}",
}

NEWEST = """
    SELECT id FROM orders JOIN events ON stream = 'order-' || id
    WHERE status = 'placed' ORDER BY position DESC LIMIT 1
"""


def has_come(write: sqlite3.Connection, types: Iterable[str], position: int) -> bool:
    """Tell whether an event of one of these types is in the log, up to a position."""
    sql = "SELECT 1 FROM events WHERE position <= ? AND type IN (SELECT value FROM json_each(?)) LIMIT 1"
    return write.execute(sql, (position, json.dumps([*types]))).fetchone() is not None


def line_for(write: sqlite3.Connection, type: str) -> str | None:
    """Return the line that records an event of this type now; None if there is none so simple."""
    line = LINES.get(type)
    if line is None or "{}" not in line:
        return line
    newest = write.execute(NEWEST).fetchone()
    return line.format(quoted(newest[0])) if newest else None
