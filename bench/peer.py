"""The peer: the same shop on the library eventsourcing, built as its documentation shows.

Its connections get the PRAGMA that ours have (it would run at FULL); nothing else about it is changed.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.application import ProcessingEvent
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteFactory,
    SQLiteProcessRecorder,
)
from eventsourcing.system import Follower, Leader, MultiThreadedRunner, System

from bench.shop import NOW, PRICE
from cqrs.commands import PlaceOrder

EVENTS_FILE = "events.db"
SALES_FILE = "sales.db"

CREATE_SALES = """
CREATE TABLE IF NOT EXISTS sales (
    product_id TEXT NOT NULL, day TEXT NOT NULL, units INTEGER NOT NULL, revenue_cents INTEGER NOT NULL,
    from_event INTEGER NOT NULL, PRIMARY KEY (product_id, day)
) WITHOUT ROWID
"""
ADD_SALE = """
INSERT INTO sales VALUES (?, ?, ?, ?, ?) ON CONFLICT (product_id, day) DO UPDATE
SET units = units + excluded.units, revenue_cents = revenue_cents + excluded.revenue_cents,
    from_event = excluded.from_event
"""


class NormalPool(SQLiteConnectionPool):
    """The library's pool, its connections as durable as ours."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        connection.cursor().execute("PRAGMA synchronous = NORMAL")
        return connection


class SalesRecorder(SQLiteProcessRecorder):
    """Keeps the read model in the transaction that tracks how far the follower is."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), CREATE_SALES]

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], sold: Sequence[Any] = (), **kwargs: Any
    ) -> Sequence[int] | None:
        for sale in sold:
            c.execute(ADD_SALE, sale)
        return super()._insert_events(c, stored_events, **kwargs)


class Factory(SQLiteFactory):
    """The library's factory, with that pool and that recorder."""

    process_recorder_class = SalesRecorder

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.datastore.pool = NormalPool(db_name=self.env.get(self.SQLITE_DBNAME))


class Order(Aggregate):
    """An order whose event carries what ours carries."""

    @event("Placed")
    def __init__(
        self,
        order_id: str,
        customer_id: str,
        customer_name: str,
        lines: list[dict[str, Any]],
        total_cents: int,
        placed_on: str,
    ) -> None:
        self.order_id = order_id
        self.customer_id = customer_id
        self.customer_name = customer_name
        self.lines = lines
        self.total_cents = total_cents
        self.placed_on = placed_on
        self.status = "placed"

    @event("Shipped")
    def ship(self) -> None:
        self.status = "shipped"


class Shop(Leader[UUID]):
    """The application that keeps the orders; it notes when a commit is done, before it tells anyone."""

    log_section_size = 1_000
    committed = 0.0

    def _notify(self, recordings: list[Any]) -> None:
        self.committed = time.perf_counter()
        super()._notify(recordings)


class Sales(Follower[UUID]):
    """The read model that B4 and B7 compare: what was sold, by product and day."""

    applied: Callable[[], object] = staticmethod(lambda: None)

    def process_event(self, domain_event: Any, tracking: Any) -> None:
        super().process_event(domain_event, tracking)
        type(self).applied()

    @singledispatchmethod
    def policy(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        """Other events change nothing here."""

    @policy.register(Order.Placed)
    def _(self, domain_event: Any, processing_event: ProcessingEvent[UUID]) -> None:
        sold = processing_event.saved_kwargs.setdefault("sold", [])
        for line in domain_event.lines:
            revenue_cents = line["qty"] * line["unit_price_cents"]
            position = processing_event.tracking.notification_id
            sold.append((line["product_id"], domain_event.placed_on, line["qty"], revenue_cents, position))

    def process_batch(self, jobs: Sequence[tuple[Any, Tracking]]) -> None:
        """Do what process_event does, for many events in one transaction that tracks the last of them."""
        batch: ProcessingEvent[UUID] = ProcessingEvent()
        for domain_event, batch.tracking in jobs:
            self.policy(domain_event, batch)
        self._record(batch)


class PeerSystem:
    """Shop and sales, run by the library's runner: a thread that is told of every commit."""

    def __init__(self, env: dict[str, str], applied: Callable[[], object]) -> None:
        Sales.applied = staticmethod(applied)
        self._runner: MultiThreadedRunner[UUID] = MultiThreadedRunner(System([[Shop, Sales]]), env)
        self._runner.start()
        self.shop = self._runner.get(Shop)
        self.stop = self._runner.stop


def environment(folder: Path) -> dict[str, str]:
    """Return the settings that put the peer's events and its read model into two files."""
    return {
        "PERSISTENCE_MODULE": "bench.peer:Factory",
        "SQLITE_DBNAME": str(folder / EVENTS_FILE),
        "SALES_SQLITE_DBNAME": str(folder / SALES_FILE),
    }


def open_peer(folder: Path) -> Shop:
    """Return the peer's shop alone, its events in a file."""
    return Shop(environment(folder))


def place_orders(shop: Shop, commands: Iterable[PlaceOrder]) -> list[UUID]:
    """Record orders, a thousand a transaction, and return their ids."""
    orders = [placed(command) for command in commands]
    for first in range(0, len(orders), 1000):
        shop.save(*orders[first : first + 1000])
    return [order.id for order in orders]


def placed(command: PlaceOrder) -> Order:
    """Return what our command asks for as an aggregate of the peer."""
    lines = [
        {"product_id": line.product_id, "name": line.product_id, "qty": line.qty, "unit_price_cents": PRICE}
        for line in command.lines
    ]
    total_cents = sum(PRICE * line.qty for line in command.lines)
    return Order(command.order_id, command.customer_id, command.customer_id, lines, total_cents, NOW.format(day=1)[:10])
