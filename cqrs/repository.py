"""The facade that many texts draw for this pattern: four methods over both sides.

Finding asks the read side and may be behind; saving and deleting are commands and may be refused.
"""

import sqlite3
from typing import Any

from cqrs.commands import CancelOrder, PlaceOrder
from cqrs.read.projection import Projection
from cqrs.read.queries import query
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore


class OrderRepository:
    """Orders, as if there were one store."""

    def __init__(self, write: WriteStore, read: sqlite3.Connection, order_list: Projection) -> None:
        self._write = write
        self._read = read
        self._order_list = order_list

    def find_by_id(self, order_id: str) -> dict[str, Any] | None:
        """Return an order as the read model shows it, or None if it is not there (yet)."""
        rows = query(self._read, self._order_list, order_id).rows
        return rows[0] if rows else None

    def find_all(self, limit: int = 50) -> list[dict[str, Any]]:
        """Return the orders that the read model shows."""
        return query(self._read, self._order_list, limit=limit).rows

    def save(self, order: PlaceOrder, *, command_id: str, now: str) -> Answer:
        """Place an order; it can be found once the projector has applied its event."""
        return handle(self._write, order, command_id=command_id, now=now)

    def delete(self, order_id: str, *, command_id: str, now: str) -> Answer:
        """Cancel an order: in a log nothing is deleted, a further fact is recorded."""
        return handle(self._write, CancelOrder(order_id), command_id=command_id, now=now)
