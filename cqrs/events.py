"""Events: facts, in the past tense. The write side records them, the read side applies them.

This is the only thing that the two sides share. An event carries what a read model needs, as it was on
that day: an order keeps the names and prices of its day even when the product is renamed tomorrow.
"""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class CustomerRegistered:
    customer_id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ProductAdded:
    product_id: str
    name: str
    price_cents: int
    stock: int


@dataclass(frozen=True, slots=True)
class StockAdded:
    product_id: str
    qty: int


@dataclass(frozen=True, slots=True)
class PriceChanged:
    product_id: str
    price_cents: int


@dataclass(frozen=True, slots=True)
class ProductRenamed:
    product_id: str
    name: str


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of an order: what was sold, at the price and under the name of its day."""

    product_id: str
    name: str
    qty: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    order_id: str
    customer_id: str
    customer_name: str
    lines: tuple[SoldLine, ...]
    total_cents: int
    placed_on: str


@dataclass(frozen=True, slots=True)
class OrderShipped:
    order_id: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    order_id: str
    customer_id: str
    customer_name: str
    lines: tuple[SoldLine, ...]
    total_cents: int
    placed_on: str


Event = (
    CustomerRegistered
    | ProductAdded
    | StockAdded
    | PriceChanged
    | ProductRenamed
    | OrderPlaced
    | OrderShipped
    | OrderCancelled
)


class RecordedEvent(NamedTuple):
    """An event as the log keeps it: one row of the table ``events``, its payload still JSON text."""

    position: int
    event_id: str
    type: str
    stream: str
    stream_version: int
    payload: str
    recorded_at: str
    command_id: str
    hash: str
