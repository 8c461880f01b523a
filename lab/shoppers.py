"""Two ways to sell the last rug, in steps: the naive one, and the guarded one that the shop really takes.

At each ``yield`` the other shopper may act; what is yielded says what this one saw.
"""

import sqlite3
from collections.abc import Iterator
from typing import Literal, NamedTuple

from cqrs.commands import CommandRefused, PlaceOrder
from cqrs.events import OrderPlaced
from cqrs.write.handlers import handle
from cqrs.write.model import Order, Product
from cqrs.write.store import WriteStore


class Seen(NamedTuple):
    """What a step showed: she goes on, she waits for the lock, or she has her answer, yes or no."""

    then: Literal["on", "waits", "yes", "no"]
    said: str


def read_then_write(store: WriteStore, command: PlaceOrder, now: str) -> Iterator[Seen]:
    """Look, decide, write. Naive: nothing keeps the stock as it was between the look and the write."""
    rug = the_rug(store)
    yield Seen("on", f"sees {rug.on_hand} in stock")

    try:
        sold = rug.sell(1)
    except CommandRefused as refusal:
        yield Seen("no", f"no: {refusal}")
        return
    yield Seen("on", f"enough: there will be {rug.on_hand} left")

    with store.transaction():
        store.save_stock(rug)
        name = store.customer_name(command.customer_id) or ""
        order = Order(command.order_id, command.customer_id, name, (sold,), placed_on=now[:10])
        store.add_order(order)
        event = OrderPlaced(order.id, order.customer_id, name, order.lines, order.total_cents, order.placed_on)
        store.append(event, command.stream, order.version, command.order_id, now)
    yield Seen("yes", f"yes: order {order.id} is written")


def guarded(store: WriteStore, command: PlaceOrder, now: str) -> Iterator[Seen]:
    """Look, then send the command. It looks again in the transaction that writes, so what she saw decides nothing."""
    yield Seen("on", f"sees {the_rug(store).on_hand} in stock")

    answer = None
    while answer is None:
        try:
            answer = handle(store, command, command_id=command.order_id, now=now)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            yield Seen("waits", f"waits: SQLite says “{error}”")
    if answer.outcome == "accepted":
        yield Seen("yes", f"yes: order {command.order_id} is accepted, receipt #{answer.position}")
    else:
        yield Seen("no", f"refused: {answer.reason}")


def the_rug(store: WriteStore) -> Product:
    """Read the rug with its stock, outside any transaction."""
    rug = store.product("rug")
    if rug is None:
        raise LookupError("the shop sells no rug")
    return rug
