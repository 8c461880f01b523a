"""The write store: all SQL of the write side, and nothing but SQL."""

import hashlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from cqrs.commands import Command
from cqrs.events import Event, RecordedEvent, SoldLine
from cqrs.migrations import Migration, Migrations
from cqrs.sql import connect, transaction
from cqrs.write.model import Order, Product

MIGRATIONS = Migrations(
    Migration(
        version=1,
        name="the shop, its event log and its commands",
        up=Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"),
        down="DROP TABLE commands; DROP TABLE events; DROP TABLE order_lines; DROP TABLE orders; "
        "DROP TABLE stock; DROP TABLE products; DROP TABLE customers;",
    )
)

GENESIS = "0" * 64


class Answer(NamedTuple):
    """What a command answers: its outcome and, when accepted, its receipt (the position of its event)."""

    outcome: Literal["accepted", "refused"]
    reason: str | None
    position: int | None
    repeated: bool = False


def to_json(fact: Command | Event) -> str:
    """Write a command or an event as JSON text, its fields in the order of the dataclass."""
    return msgspec.json.encode(fact).decode()


def chain(before: str, *parts: object) -> str:
    """Return the hash of an event: SHA-256 over the hash before it and the event's own columns."""
    return hashlib.sha256("\n".join([before, *map(str, parts)]).encode()).hexdigest()


class WriteStore:
    """One connection to write.db."""

    def __init__(self, path: Path, *, synchronous: Literal["NORMAL", "FULL", "OFF"] = "NORMAL") -> None:
        self.connection = connect(path, synchronous=synchronous)
        MIGRATIONS.migrate(self.connection)

    def close(self) -> None:
        self.connection.close()

    def transaction(self) -> AbstractContextManager[None]:
        """Open the transaction in which a command is decided, its change made and its event recorded."""
        return transaction(self.connection)

    # Commands and their answers

    def answer_to(self, command_id: str) -> Answer | None:
        """Return the answer that a command got the first time, or None if it is new."""
        row = self._row("SELECT outcome, reason, position FROM commands WHERE command_id = ?", command_id)
        if row is None:
            return None
        outcome, reason, position = row
        return Answer(outcome, reason, position, repeated=True)

    def record_answer(self, command_id: str, command: Command, answer: Answer, now: str) -> None:
        """Keep a command with its answer."""
        self._run(
            "INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?)",
            command_id,
            type(command).__name__,
            to_json(command),
            answer.outcome,
            answer.reason,
            answer.position,
            now,
        )

    # The event log

    def head(self) -> int:
        """Return the position of the newest event, 0 for an empty log."""
        position: int = self._row("SELECT coalesce(max(position), 0) FROM events")[0]
        return position

    def append(self, event: Event, stream: str, version: int, command_id: str, now: str) -> int:
        """Record an event at the end of the log and return its position."""
        last = self._row("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1") or (0, GENESIS)
        row = (
            last[0] + 1,
            f"{command_id}.1",
            type(event).__name__,
            stream,
            version,
            to_json(event),
            now,
            command_id,
        )
        self._run("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row, chain(last[1], *row))
        return row[0]

    def events_after(self, position: int, limit: int) -> list[RecordedEvent]:
        """Return up to ``limit`` events behind a position, in order: the feed that a projector reads."""
        rows = self.connection.execute(
            "SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?", (position, limit)
        )
        return [RecordedEvent(*row) for row in rows]

    # Customers

    def customer_name(self, customer_id: str) -> str | None:
        """Return a customer's name, or None if there is no such customer."""
        row = self._row("SELECT name FROM customers WHERE id = ?", customer_id)
        return row[0] if row else None

    def email_taken(self, email: str) -> bool:
        """Tell whether a customer has this address already."""
        return self._row("SELECT 1 FROM customers WHERE email = ?", email) is not None

    def add_customer(self, customer_id: str, name: str, email: str) -> None:
        """Insert a customer at version 1."""
        self._run("INSERT INTO customers VALUES (?, ?, ?, 1)", customer_id, name, email)

    # Products and their stock

    def product(self, product_id: str) -> Product | None:
        """Load a product with its stock, or None if there is no such product."""
        row = self._row(
            "SELECT id, name, price_cents, on_hand, version FROM products JOIN stock ON product_id = id WHERE id = ?",
            product_id,
        )
        return Product(*row) if row else None

    def add_product(self, product: Product) -> None:
        """Insert a product and its stock."""
        self._run(
            "INSERT INTO products VALUES (?, ?, ?, ?)",
            product.id,
            product.name,
            product.price_cents,
            product.version,
        )
        self._run("INSERT INTO stock VALUES (?, ?)", product.id, product.on_hand)

    def save_product(self, product: Product) -> None:
        """Update a product's name, price and version."""
        self._run(
            "UPDATE products SET name = ?, price_cents = ?, version = ? WHERE id = ?",
            product.name,
            product.price_cents,
            product.version,
            product.id,
        )

    def save_stock(self, product: Product) -> None:
        """Update a product's stock."""
        self._run("UPDATE stock SET on_hand = ? WHERE product_id = ?", product.on_hand, product.id)

    # Orders

    def order(self, order_id: str) -> Order | None:
        """Load an order with its lines, or None if there is no such order."""
        row = self._row(
            "SELECT customer_id, customer_name, placed_on, status, version FROM orders WHERE id = ?", order_id
        )
        if row is None:
            return None
        customer_id, customer_name, placed_on, status, version = row
        lines = self.connection.execute(
            "SELECT product_id, name, qty, unit_price_cents FROM order_lines WHERE order_id = ?", (order_id,)
        )
        sold = tuple(SoldLine(*line) for line in lines)
        return Order(order_id, customer_id, customer_name, sold, placed_on, status, version)

    def order_exists(self, order_id: str) -> bool:
        """Tell whether an order id is taken."""
        return self._row("SELECT 1 FROM orders WHERE id = ?", order_id) is not None

    def add_order(self, order: Order) -> None:
        """Insert an order with its lines."""
        self._run(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            order.id,
            order.customer_id,
            order.customer_name,
            order.status,
            order.placed_on,
            order.version,
        )
        for line in order.lines:
            self._run(
                "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)",
                order.id,
                line.product_id,
                line.name,
                line.qty,
                line.unit_price_cents,
            )

    def save_order(self, order: Order) -> None:
        """Update an order's status and version."""
        self._run("UPDATE orders SET status = ?, version = ? WHERE id = ?", order.status, order.version, order.id)

    def _run(self, sql: str, *values: object) -> None:
        self.connection.execute(sql, values)

    def _row(self, sql: str, *values: object) -> Any:
        return self.connection.execute(sql, values).fetchone()
