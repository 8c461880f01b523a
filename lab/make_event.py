"""The action line that records an event of a type, where one line does it and nobody has to think of anything."""

import sqlite3

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


def line_for(write: sqlite3.Connection, type: str) -> str | None:
    """Return the line that records an event of this type now; None if there is none so simple."""
    line = LINES.get(type)
    if line is None or "{}" not in line:
        return line
    newest = write.execute(NEWEST).fetchone()
    return line.format(quoted(newest[0])) if newest else None
