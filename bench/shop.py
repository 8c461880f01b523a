"""The shop that is measured: its fixture, single orders, and a long mixed history."""

import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.instrument import lasting_folder
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
from cqrs.write.handlers import handle
from cqrs.write.store import WriteStore

CUSTOMERS = 500
PRODUCTS = 100
OPENING = CUSTOMERS + PRODUCTS
PRICE = 500
PLENTY = 1_000_000
NOW = "2026-03-{day:02}T10:00:00Z"


def open_shop(path: Path) -> WriteStore:
    """Return a new write store in which every order of this module will be accepted."""
    shutil.copy(_opened(), path)
    return WriteStore(path)


def order(number: int) -> PlaceOrder:
    """Return an order of one line, over customers and products in turn."""
    line = OrderLine(f"p{number % PRODUCTS}", 1)
    return PlaceOrder(f"o{number}", f"c{number % CUSTOMERS}", (line,))


def mixed_orders(count: int, seed: int = 7) -> Iterator[PlaceOrder]:
    """Return orders of one to three lines."""
    dice = random.Random(seed)
    return (_mixed_order(dice, number) for number in range(count))


def record_history(store: WriteStore, events: int, seed: int = 7) -> None:
    """Let a store live through a mixed history, most of it orders, up to so many events."""
    commands = _history(random.Random(seed))
    for number in range(store.head(), events):
        now = NOW.format(day=1 + 28 * number // events)
        answer = handle(store, next(commands), command_id=f"h{number}", now=now)
        assert answer.outcome == "accepted", answer


@cache
def _opened() -> Path:
    path = lasting_folder() / "opened.db"
    store = WriteStore(path)
    for number, command in enumerate(_opening()):
        handle(store, command, command_id=f"open{number}", now=NOW.format(day=1))
    store.close()
    return path


def _opening() -> Iterator[Command]:
    for number in range(CUSTOMERS):
        yield RegisterCustomer(f"c{number}", f"Customer {number}", f"c{number}@example.org")
    for number in range(PRODUCTS):
        yield AddProduct(f"p{number}", f"Product {number}", PRICE, PLENTY)


def _history(dice: random.Random) -> Iterator[Command]:
    number = 0
    open_orders: list[str] = []
    while True:
        number += 1
        product = f"p{dice.randrange(PRODUCTS)}"
        throw = dice.random()
        if throw < 0.70 or not open_orders:
            yield _mixed_order(dice, number)
            open_orders.append(f"o{number}")
        elif throw < 0.85:
            yield ShipOrder(open_orders.pop(dice.randrange(len(open_orders))))
        elif throw < 0.90:
            yield CancelOrder(open_orders.pop(dice.randrange(len(open_orders))))
        elif throw < 0.95:
            yield Restock(product, dice.randint(1, 50))
        elif throw < 0.98:
            yield ChangePrice(product, 10_000 + number)
        else:
            yield RenameProduct(product, f"{product} as of {number}")


def _mixed_order(dice: random.Random, number: int) -> PlaceOrder:
    products = dice.sample(range(PRODUCTS), dice.choice((1, 1, 2, 3)))
    lines = tuple(OrderLine(f"p{product}", dice.randint(1, 4)) for product in products)
    return PlaceOrder(f"o{number}", f"c{dice.randrange(CUSTOMERS)}", lines)
