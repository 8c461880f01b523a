"""A scratch shop for one strategy: real stores in a folder of their own, a projector that is late, and the visitors."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cqrs.commands import Command, OrderLine, PlaceOrder, RegisterCustomer, Restock
from cqrs.events import RecordedEvent
from cqrs.read import queries
from cqrs.read.projector import catch_up, deliver
from cqrs.read.store import ReadStore
from cqrs.sql import connect_read_only
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore
from lab import fixtures, limits, truth
from lab.clock import ManualClock, iso
from lab.projections import BUILT_IN
from lab.strategies_agenda import PROJECTOR, Agenda
from lab.strategies_script import COMMON

FIXTURE = "shop"
STOCK = 1_000
STRANGER = "c1"
MODEL = BUILT_IN["order_list"]
DELAY_MS = round(limits.START_DELAY_SECONDS * 1000)


def open_for(shoppers: int, folder: Path) -> int:
    """Make the stores that every strategy begins with a copy of; return the reading of the clock."""
    clock = ManualClock(fixtures.start_of(FIXTURE))
    with (
        closing(WriteStore(folder / "write.db", synchronous="OFF")) as write,
        closing(ReadStore(folder / "read.db", synchronous="OFF")) as read,
    ):
        fixtures.open_shop(write, clock, FIXTURE)
        stocked = [Restock(product, STOCK) for product in COMMON]
        known = [RegisterCustomer(f"s{n}", f"Shopper {n}", f"s{n}@example.test") for n in range(1, shoppers + 1)]
        opening: list[Command] = [*stocked, *known]
        for number, command in enumerate(opening):
            handle(write, command, command_id=f"open-{number}", now=iso(clock.now()))
        read.add(MODEL)
        catch_up(read, [MODEL], write.events_after, write.head())
    return clock.now()


class Shop:
    """The stores of one strategy. The projector picks up a batch a while after an event comes in (injected)."""

    def __init__(self, folder: Path, agenda: Agenda, opened_at: int) -> None:
        self.agenda = agenda
        self.write_reads = self.write_work = 0
        self._opened_at = opened_at
        self._batch_planned = False
        self._write = WriteStore(folder / "write.db", synchronous="OFF")
        self._read = ReadStore(folder / "read.db", synchronous="OFF")
        self._reader = connect_read_only(folder / "read.db")

    def close(self) -> None:
        """Close the stores."""
        self._reader.close()
        self._read.close()
        self._write.close()

    @property
    def head(self) -> int:
        """The position of the newest event."""
        return self._write.head()

    @property
    def position(self) -> int:
        """The checkpoint of the read model."""
        return self._read.position(MODEL.name)

    # The write side

    def buy(self, order_id: str, customer: str, product: str) -> Answer:
        """Send a real command; if it is accepted, the projector will come by."""
        command = PlaceOrder(order_id, customer, (OrderLine(product, 1),))
        now = iso(self._opened_at + self.agenda.now * 1000)
        answer = handle(self._write, command, command_id=order_id, now=now)
        self._plan_batch()
        return answer

    def read_from_write_store(self, order_id: str) -> list[dict[str, Any]]:
        """Ask the write store for an order, and count what it costs there."""
        self.write_reads += 1
        with self._counting_work():
            return truth.rows(self._write.connection, MODEL, order_id)

    @contextmanager
    def _counting_work(self) -> Iterator[None]:
        """Count the steps of SQLite's engine, which are the same on every machine, as times are not."""
        connection: sqlite3.Connection = self._write.connection
        connection.set_progress_handler(self._count_step, 1)
        try:
            yield
        finally:
            connection.set_progress_handler(None, 0)

    def _count_step(self) -> int:
        self.write_work += 1
        return 0

    # The read side

    def read(self, order_id: str) -> queries.Page:
        """Ask the read store for an order."""
        return queries.query(self._reader, MODEL, order_id)

    def _plan_batch(self) -> None:
        if not self._batch_planned and self._pending():
            self._batch_planned = True
            self.agenda.at(self.agenda.now + DELAY_MS, PROJECTOR, self._work)

    def _pending(self) -> bool:
        return self.position < self.head

    def _work(self) -> None:
        self._batch_planned = False
        self._apply_batch()
        self._plan_batch()
        self.agenda.look_round()

    def _apply_batch(self) -> None:
        catch_up(self._read, [MODEL], self._write.events_after, limits.START_BATCH_EVENTS)

    def applied(self, position: int, event_id: str) -> bool:
        """Tell whether an event was applied. Where all come in order, its number is enough."""
        return self.position >= position


class StalledShop(Shop):
    """A shop in which the writer of one event stalls (simulated: with SQLite's single writer it cannot happen).

    It reserved its position, others behind it commit first, and the projector, which takes what it finds, moves its
    checkpoint past the gap. The late event comes with the batch after that.
    """

    def __init__(self, folder: Path, agenda: Agenda, opened_at: int, stalled: int | None) -> None:
        super().__init__(folder, agenda, opened_at)
        self._stalled = stalled
        self._read.connection.execute("CREATE TABLE _seen (event_id TEXT PRIMARY KEY)")

    def applied(self, position: int, event_id: str) -> bool:
        """Tell whether an event was applied, by its id: here its number tells nothing."""
        found = self._reader.execute("SELECT 1 FROM _seen WHERE event_id = ?", (event_id,)).fetchone()
        return found is not None

    def _pending(self) -> bool:
        return super()._pending() or (self._stalled is not None and self._stalled <= self.position)

    def _apply_batch(self) -> None:
        position = self.position
        batch = self._visible(position)
        with self._read.transaction():
            for event, parameters in map(deliver, batch):
                for statement in MODEL.on.get(event.type, ()):
                    self._read.run(statement, parameters)
                self._read.run("INSERT INTO _seen VALUES (:event_id)", parameters)
            self._read.move_checkpoint(MODEL.name, max([position, *(event.position for event in batch)]))

    def _visible(self, position: int) -> list[RecordedEvent]:
        """Return the next batch as this projector sees it: without the event whose writer stalls."""
        events = self._write.events_after(position, limits.START_BATCH_EVENTS + 1)
        if self._stalled is not None and self._stalled <= position:
            events = [*self._write.events_after(self._stalled - 1, 1), *events]
            self._stalled = None
        return [event for event in events if event.position != self._stalled][: limits.START_BATCH_EVENTS]
