"""The naive double write: the command handler commits in write.db, and then writes a copy into read.db by itself.

Between the two commits there is a moment in which the server may die, and no log that would tell anybody.
"""

import sqlite3
from typing import Any

from cqrs.commands import PlaceOrder
from cqrs.write.store import Answer
from lab.fault_actions import Dual
from lab.outcome import Done, Incident, Line
from lab.stores import Stores

TABLE = """
CREATE TABLE IF NOT EXISTS dual_orders (
    order_id   TEXT NOT NULL,
    product_id TEXT NOT NULL,
    qty        INTEGER NOT NULL,
    PRIMARY KEY (order_id, product_id)
) WITHOUT ROWID
"""


def dual(stores: Stores, action: Dual, line: Line) -> Done:
    """Switch the double write on or off, and arm a crash between its two halves."""
    if action.on:
        stores.read.connection.execute(TABLE)
        said = "the command handler now writes orders into both stores, one after the other"
        said += "; injected: it dies in between, next time" if action.crash else ""
    else:
        said = "the command handler writes into the write store alone; the log tells the rest"
    return Done(
        reason=said, settings={"dual": "on" if action.on else "off", "dual_crash": "yes" if action.crash else ""}
    )


def write_twice(stores: Stores, command: PlaceOrder, answer: Answer) -> Done | None:
    """Write an accepted order into the second store; return how the line ended if that did not come about."""
    if stores.journal.setting("dual") != "on":
        return None
    if stores.journal.setting("dual_crash"):
        return _split(command, answer, "the server died between the two stores")
    try:
        _copy(stores, command)
    except sqlite3.OperationalError as error:
        return _split(command, answer, f"the second store did not take it ({error})")
    return None


def _copy(stores: Stores, command: PlaceOrder) -> None:
    with stores.read.transaction():
        stores.read.connection.execute(TABLE)
        stores.read.connection.executemany(
            "INSERT OR REPLACE INTO dual_orders VALUES (?, ?, ?)",
            [(command.order_id, line.product_id, line.qty) for line in command.lines],
        )


def _split(command: PlaceOrder, answer: Answer, why: str) -> Done:
    position = answer.position or 0
    said = f"{why}: write.db has order {command.order_id}, dual_orders in read.db does not, and nobody was answered"
    split = Incident("dual_orders", "split", position, position, detail=command.order_id)
    return Done("crashed", said, answer.position, incidents=(split,), settings={"dual_crash": ""})


def split_orders(stores: Stores) -> list[tuple[str, int]]:
    """Return the orders that reached only one of the two stores: (order, position of its event)."""
    died = stores.journal.connection.execute("SELECT detail, first FROM incidents WHERE what = 'split' ORDER BY id")
    return [(order, position) for order, position in died]


def table(stores: Stores) -> dict[str, Any] | None:
    """Return what the second half of the double write has left in read.db; None if there never was one."""
    there = "SELECT 1 FROM sqlite_schema WHERE name = 'dual_orders'"
    if stores.reader.execute(there).fetchone() is None:
        return None
    newest = "SELECT order_id, product_id, qty FROM dual_orders ORDER BY order_id DESC, product_id LIMIT 8"
    return {
        "on": stores.journal.setting("dual") == "on",
        "armed": bool(stores.journal.setting("dual_crash")),
        "rows": stores.reader.execute(newest).fetchall(),
        "split": split_orders(stores)[-8:],
    }
