"""What the lessons' own lines do: rows are changed by hand, a customer's page is measured, indexes are made."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from cqrs.sql import connect_read_only
from lab import guard, truth
from lab.lesson_actions import Index, Measure, Patch
from lab.outcome import CannotDo, Done, Incident, Line
from lab.stores import Stores

CARD = "customer_card"

FROM_WRITE_TABLES = f"SELECT * FROM ({truth.source(CARD)}) WHERE customer_id = :customer"
FROM_READ_MODEL = f"SELECT customer_id, name, orders, spent_cents FROM {CARD} WHERE customer_id = :customer"

INDEXES = {"orders_by_customer": "CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer_id, status)"}
"""What helps to find a customer's orders. Their lines are found by the key of order_lines already."""

STEPS_PER_WORK_UNIT = 10


# Changing rows by hand


def patch(stores: Stores, action: Patch, line: Line) -> Done:
    """Change rows of a read model behind the projector's back, and keep that this was done."""
    outcome = guard.patch(stores.read_db.path, action.sql, line.n, stores.read_db.pages)
    if isinstance(outcome, guard.Refused):
        if outcome.code:
            raise outcome.error
        raise CannotDo(outcome.reason)
    positions, head = stores.positions(), stores.write.head()
    edited = tuple(
        Incident(table, "edited", at, at, detail=action.sql)
        for table in outcome.tables
        for at in [positions.get(table, head)]
        if outcome.changed
    )
    rows = f"{outcome.changed:,} {'row' if outcome.changed == 1 else 'rows'}"
    return Done(reason=f"{rows} of {', '.join(outcome.tables)} changed by hand", incidents=edited)


# Measuring a page


class Measured(NamedTuple):
    """One answer to a question, with the work that it took and the plan by which SQLite found it."""

    row: dict[str, Any] | None
    work: int
    took_us: int
    plan: list[str]


def measure(stores: Stores, action: Measure, line: Line) -> Done:
    """Ask for a customer's page, count the work, and keep the figure."""
    customer = action.customer or _first_customer(stores)
    if action.road == "read_model":
        if CARD not in stores.positions():
            raise CannotDo(f"there is no read model {CARD} now; this line would add it: model add {CARD}")
        name, file, sql = "read_model", "read.db", FROM_READ_MODEL
    else:
        name, file, sql = "crud+index" if _indexed(stores) else "crud", "write.db", FROM_WRITE_TABLES
    found = ask(stores.folder / file, sql, customer)
    if found.row is None and action.road == "crud":
        raise CannotDo(f"there is no customer {customer}")
    orders: int = stores.write.connection.execute("SELECT count(*) FROM orders").fetchone()[0]
    stores.journal.connection.execute(
        "INSERT OR REPLACE INTO measures VALUES (?, ?, ?, ?, ?, ?)",
        (line.n, name, customer, orders, found.work, found.took_us),
    )
    units = "work unit" if found.work == 1 else "work units"
    said = f"{found.work:,} {units} for the page of {customer}, with {orders:,} orders in the shop"
    if found.row is None:
        said += f"; the copy has no row for {customer}"
    result = {"name": name, "customer": customer, "orders": orders, "sql": sql} | found._asdict()
    return Done(reason=said, result=result)


def ask(store: Path, sql: str, customer: str) -> Measured:
    """Ask a store on a connection of its own, so that the work is the same every time."""
    with closing(connect_read_only(store)) as connection:
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", {"customer": customer})]
        steps = [0]
        started = time.perf_counter()
        connection.set_progress_handler(lambda: _count(steps), STEPS_PER_WORK_UNIT)
        cursor = connection.execute(sql, {"customer": customer})
        row = cursor.fetchone()
        took = time.perf_counter() - started
        cursor.fetchall()
        connection.set_progress_handler(None, STEPS_PER_WORK_UNIT)
    columns = [column[0] for column in cursor.description]
    return Measured(dict(zip(columns, row, strict=True)) if row else None, steps[0] or 1, round(took * 1e6), plan)


def _count(steps: list[int]) -> int:
    steps[0] += 1
    return 0


def _first_customer(stores: Stores) -> str:
    row = stores.write.connection.execute("SELECT id FROM customers ORDER BY id").fetchone()
    if row is None:
        raise CannotDo("there is no customer yet; register one first")
    return str(row[0])


def _indexed(stores: Stores) -> bool:
    found = stores.write.connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")
    return set(INDEXES) <= {name for (name,) in found}


def index(stores: Stores, action: Index, line: Line) -> Done:
    """Make the indexes in the write store that help a customer's page."""
    there = _indexed(stores)
    with stores.write.transaction():
        for sql in INDEXES.values():
            stores.write.connection.execute(sql)
    if there and not line.again:
        return Done(reason=f"{', '.join(INDEXES)} is there already")
    return Done(
        reason="orders_by_customer made: orders are found by their customer now; "
        "adding them up is left, and every new order keeps the index too"
    )
