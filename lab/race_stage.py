"""The stage of a race: a scratch write store with one rug, and a connection for each of two shoppers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from cqrs.commands import AddProduct, Command, OrderLine, PlaceOrder, RegisterCustomer
from cqrs.write.handlers import handle
from cqrs.write.store import Answer, WriteStore
from lab.outcome import CannotDo
from lab.shoppers import Seen, guarded, read_then_write

RUGS = 1
NOW = "2026-03-02T09:00:00.000000Z"

NAMES = {"ada": "Ada", "ben": "Ben"}
WAYS = {"read_then_write": read_then_write, "guarded": guarded}
STEPS = {
    "read_then_write": ("look at the stock", "decide", "write the order"),
    "guarded": ("look at the stock", "lock, check and write", "commit"),
}

OPENING: tuple[Command, ...] = (
    RegisterCustomer("c1", "Ada", "ada@example.test"),
    RegisterCustomer("c2", "Ben", "ben@example.test"),
    AddProduct("rug", "Rug", 9900, RUGS),
)


class CurtainDown(Exception):
    """The steps are over while a transaction is open: it is rolled back, as if its program had ended there."""


class Till(WriteStore):
    """A shopper's connection: it does not wait for a lock, notes what it runs, and stops before it commits."""

    def __init__(self, path: Path, before_commit: Callable[[], None]) -> None:
        super().__init__(path, synchronous="OFF")
        self.connection.execute("PRAGMA busy_timeout = 0")
        self.ran: list[str] = []
        self.connection.set_trace_callback(self.ran.append)
        self._before_commit = before_commit

    def record_answer(self, command_id: str, command: Command, answer: Answer, now: str) -> None:
        super().record_answer(command_id, command, answer, now)
        if answer.outcome == "accepted":
            self._before_commit()

    def ran_since(self) -> list[str]:
        """Return the statements that ran since this was asked the last time."""
        ran, self.ran[:] = list(self.ran), []
        return ran


class Shopper:
    """One of the two: her connection, the steps she has taken, and what the last of them showed."""

    def __init__(self, who: str, till: Till, moves: Iterator[Seen]) -> None:
        self.who, self.till, self.moves = who, till, moves
        self.taken = 0
        self.last: str = "on"


class Stage:
    """Both shoppers, and the rows of the timeline so far."""

    def __init__(self, path: Path, way: str, opened: ExitStack) -> None:
        self.way = way
        self.rows: list[dict[str, Any]] = []
        self._left: Iterator[str] = iter(())
        self._shop = opened.enter_context(closing(WriteStore(path, synchronous="OFF")))
        for number, command in enumerate(OPENING, start=1):
            handle(self._shop, command, command_id=f"opening-{number}", now=NOW)
        self._shoppers: dict[str, Shopper] = {}
        for who, customer in zip(NAMES, ("c1", "c2"), strict=True):
            till = opened.enter_context(closing(Till(path, partial(self._before_commit, who))))
            command = PlaceOrder(f"{who}-1", customer, (OrderLine("rug", 1),))
            self._shoppers[who] = Shopper(who, till, WAYS[way](till, command, NOW))

    def play(self, steps: Sequence[str]) -> None:
        """Take the steps, one after the other."""
        self._left = iter(steps)
        with suppress(CurtainDown):
            self._go_on()

    def _go_on(self, until: str | None = None) -> None:
        for who in self._left:
            if who == until:
                return
            self._step(who)
        if until is not None:
            raise CurtainDown

    def _step(self, who: str) -> None:
        shopper, other = self._both(who)
        if shopper.last == "waits":
            raise CannotDo(f"{NAMES[who]} waits for the lock; it is {NAMES[other.who]}'s turn: race {other.who}")
        if shopper.last in ("yes", "no"):
            raise CannotDo(f"{NAMES[who]} has an answer already; to begin again: race {self.way}")
        self._note(shopper, next(shopper.moves))
        if other.last == "waits":
            self._note(other, next(other.moves))

    def _both(self, who: str) -> tuple[Shopper, Shopper]:
        (other,) = (shopper for shopper in self._shoppers.values() if shopper.who != who)
        return self._shoppers[who], other

    def _before_commit(self, who: str) -> None:
        """Hold a guarded transaction open while the other shopper acts: this is when one meets the other's lock."""
        shopper, _ = self._both(who)
        self._note(shopper, Seen("on", "holds the lock: looked again, and there is enough; not committed yet"))
        self._go_on(until=who)

    def _note(self, shopper: Shopper, seen: Seen) -> None:
        ran = shopper.till.ran_since()
        does = STEPS[self.way][shopper.taken]
        row = {"who": shopper.who, "does": does, "again": shopper.last == "waits", "sql": ran, **seen._asdict()}
        self.rows.append({**row, "lock": shopper.who if "COMMIT" in ran else self._holder()})
        shopper.taken += seen.then != "waits"
        shopper.last = seen.then

    def _holder(self) -> str | None:
        return next((s.who for s in self._shoppers.values() if s.till.connection.in_transaction), None)

    def choices(self) -> dict[str, str | None]:
        """Return what each shopper would do next; None for one who has an answer, or waits for one."""
        return {
            who: STEPS[self.way][shopper.taken] if shopper.last == "on" else None
            for who, shopper in self._shoppers.items()
        }

    def over(self) -> bool:
        """Tell whether both have their answer."""
        return all(shopper.last in ("yes", "no") for shopper in self._shoppers.values())

    def stand(self) -> dict[str, Any]:
        """Return what the scratch store says now."""
        orders = self._shop.connection.execute(
            "SELECT order_id, customer_name FROM order_lines JOIN orders ON id = order_id WHERE product_id = 'rug'"
        ).fetchall()
        stock: int = self._shop.connection.execute("SELECT on_hand FROM stock WHERE product_id = 'rug'").fetchone()[0]
        return {
            "rugs": RUGS,
            "accepted": len(orders),
            "stock": stock,
            "oversold": max(0, len(orders) - RUGS),
            "orders": [{"order": order, "customer": customer} for order, customer in orders],
        }
