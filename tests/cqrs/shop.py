"""What the tests of cqrs share: a shop on two real files, driven as an application would drive it."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cqrs.commands import (
    AddProduct,
    CancelOrder,
    ChangePrice,
    Command,
    OrderLine,
    PlaceOrder,
    RegisterCustomer,
    RenameProduct,
    Restock,
    ShipOrder,
)
from cqrs.read.projection import Projection, built_in
from cqrs.read.projector import catch_up, deliver, project
from cqrs.read.queries import query
from cqrs.read.store import Checkpoint, ReadStore
from cqrs.sql import connect_read_only
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore

MODELS = built_in()
DAY = "2026-03-02"
EVERYTHING = 1_000_000

Rows = list[dict[str, Any]]
Tables = dict[str, set[tuple[Any, ...]]]
Changes = dict[str, tuple[set[tuple[Any, ...]], set[tuple[Any, ...]]]]

START: tuple[Command, ...] = (
    RegisterCustomer("c1", "Ada", "ada@example.test"),
    RegisterCustomer("c2", "Ben", "ben@example.test"),
    AddProduct("lamp", "Lamp", 2500, 5),
    AddProduct("mug", "Mug", 800, 20),
    AddProduct("rug", "Rug", 9900, 1),
)


def order(order_id: str, customer_id: str = "c1", **lines: int) -> PlaceOrder:
    """An order as one would say it: order("o1", lamp=2, mug=1)."""
    return PlaceOrder(order_id, customer_id, tuple(OrderLine(product_id, qty) for product_id, qty in lines.items()))


ONE_OF_EACH: tuple[Command, ...] = (
    order("o1", mug=2, lamp=1),
    order("o2", "c2", lamp=1),
    order("o3", rug=1),
    Restock("lamp", 4),
    ChangePrice("lamp", 2600),
    RenameProduct("mug", 'Ün "mug", big'),
    ShipOrder("o1"),
    CancelOrder("o3"),
    order("o4", "c2", mug=1, lamp=3),
    RegisterCustomer("c3", "Cem", "cem@example.test"),
    AddProduct("chair", "Chair", 4000, 0),
    CancelOrder("o2"),
)
"""A history that has every type of event, two lines of one product, and something taken back."""


def tables(write: sqlite3.Connection) -> Tables:
    """Every table of the write store with its rows, to be compared with what it was before."""
    names = write.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    return {name: set(write.execute(f'SELECT * FROM "{name}"')) for (name,) in names}


def changes(before: Tables, after: Tables) -> Changes:
    """What is gone and what is new, by table."""
    return {
        name: (before[name] - after[name], after[name] - before[name]) for name in after if before[name] != after[name]
    }


class Shop:
    """A write store, a read store and the read models in it."""

    def __init__(self, folder: Path, models: dict[str, Projection] = MODELS) -> None:
        self.folder = folder
        self.models = dict(models)
        self._day = DAY
        self._sent = 0
        self.open()

    def open(self) -> None:
        """Open both files; a read model that is not there begins before the first event.

        No test here cuts the power, so none waits for the disk.
        """
        self.write = WriteStore(self.folder / "write.db", synchronous="OFF")
        self.read = ReadStore(self.folder / "read.db", synchronous="OFF")
        self.reader = connect_read_only(self.folder / "read.db")
        there = {checkpoint.name for checkpoint in self.read.checkpoints()}
        for name, projection in self.models.items():
            if name not in there:
                self.read.add(projection)

    def close(self) -> None:
        self.reader.close()
        self.read.close()
        self.write.close()

    # The write side

    def on(self, day: str) -> None:
        """Let it be another day."""
        self._day = day

    def do(self, command: Command, id: str | None = None, expect: int | None = None) -> Answer:
        """Send a command, under an id of its own unless one is given."""
        self._sent += 1
        now = f"{self._day}T09:00:00.000000+00:00"
        return handle(self.write, command, command_id=id or f"k-{self._sent}", now=now, expected_version=expect)

    def accept(self, *commands: Command) -> None:
        """Send commands that the test counts on."""
        for command in commands:
            answer = self.do(command)
            assert (answer.outcome, answer.repeated) == ("accepted", False), answer

    # The read side

    def catch_up(self, limit: int = EVERYTHING) -> int:
        return catch_up(self.read, self.models.values(), self.write.events_after, limit)

    def project(self, model: str, limit: int = EVERYTHING, at: Callable[[str], None] = lambda point: None) -> int:
        """Apply up to so many events to one read model."""
        events = self.write.events_after(self.read.position(model), limit)
        return project(self.read, self.models[model], [deliver(event) for event in events], at)

    def add(self, name: str, source: Projection) -> None:
        """Take on one more read model."""
        self.models[name] = source
        self.read.add(source)

    def rows(self, model: str, key: str | None = None) -> Rows:
        return query(self.reader, self.models[model], key, limit=EVERYTHING).rows

    def as_of(self, model: str) -> int:
        return query(self.reader, self.models[model]).as_of

    def shown(self) -> dict[str, Rows]:
        """Every row of every read model."""
        return {model: self.rows(model) for model in self.models}

    def checkpoint(self, model: str) -> Checkpoint:
        return next(checkpoint for checkpoint in self.read.checkpoints() if checkpoint.name == model)


@contextmanager
def seen_by_others(connection: sqlite3.Connection, look: Callable[[], Any]) -> Iterator[list[Any]]:
    """What somebody else sees of a store just before each statement of this connection, and at the end."""
    seen: list[Any] = []
    connection.set_trace_callback(lambda sql: seen.append(look()))
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)
    seen.append(look())


@contextmanager
def fresh_shop(models: dict[str, Projection] = MODELS) -> Iterator[Shop]:
    """An empty shop in a folder of its own, for tests that need many."""
    with tempfile.TemporaryDirectory() as folder, closing(Shop(Path(folder), models)) as shop:
        yield shop
