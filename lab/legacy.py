"""An order as an older program wrote it: its event lacks the quantity, because an order was for one piece then.

A projection that wants the quantity cannot apply such an event: that is a poison event, and a real one.
"""

from dataclasses import dataclass
from typing import Any, cast

from cqrs.commands import Command, OrderLine, PlaceOrder
from cqrs.write.handlers import place_order
from cqrs.write.store import Answer, WriteStore


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What the older program was asked for."""

    order_id: str
    customer_id: str
    product_id: str

    @property
    def stream(self) -> str:
        return f"order-{self.order_id}"


@dataclass(frozen=True, slots=True)
class OldLine:
    product_id: str
    name: str
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """The event of that name, in its older form."""

    order_id: str
    customer_id: str
    customer_name: str
    lines: tuple[OldLine, ...]
    total_cents: int
    placed_on: str


def import_order(store: WriteStore, command: ImportOrder, command_id: str, now: str) -> Answer:
    """Record an order of one piece with an event of the older form; raise CommandRefused where the shop would."""
    with store.transaction():
        first = store.answer_to(command_id)
        if first is not None:
            return first
        order = PlaceOrder(command.order_id, command.customer_id, (OrderLine(command.product_id, 1),))
        event, version = place_order(order, store, now[:10])
        position = store.append(_as_once_written(event), command.stream, version, command_id, now)
        answer = Answer("accepted", None, position)
        store.record_answer(command_id, cast(Command, command), answer, now)
        return answer


def _as_once_written(event: Any) -> Any:
    lines = tuple(OldLine(line.product_id, line.name, line.unit_price_cents) for line in event.lines)
    old = OrderPlaced(event.order_id, event.customer_id, event.customer_name, lines, event.total_cents, event.placed_on)
    return cast(Any, old)
