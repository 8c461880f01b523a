"""Commands: requests to the write side, in the imperative. Any of them may be refused.

``stream`` names the aggregate that a command addresses: its events form one stream, numbered by version.
"""

from dataclasses import dataclass


class CommandRefused(Exception):
    """The write side said no; the message is the reason, in words for the person who asked."""


@dataclass(frozen=True, slots=True)
class RegisterCustomer:
    customer_id: str
    name: str
    email: str

    @property
    def stream(self) -> str:
        return f"customer-{self.customer_id}"


@dataclass(frozen=True, slots=True)
class AddProduct:
    product_id: str
    name: str
    price_cents: int
    stock: int

    @property
    def stream(self) -> str:
        return f"product-{self.product_id}"


@dataclass(frozen=True, slots=True)
class Restock:
    product_id: str
    qty: int

    @property
    def stream(self) -> str:
        return f"product-{self.product_id}"


@dataclass(frozen=True, slots=True)
class ChangePrice:
    product_id: str
    price_cents: int

    @property
    def stream(self) -> str:
        return f"product-{self.product_id}"


@dataclass(frozen=True, slots=True)
class RenameProduct:
    product_id: str
    name: str

    @property
    def stream(self) -> str:
        return f"product-{self.product_id}"


@dataclass(frozen=True, slots=True)
class OrderLine:
    product_id: str
    qty: int


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    order_id: str
    customer_id: str
    lines: tuple[OrderLine, ...]

    @property
    def stream(self) -> str:
        return f"order-{self.order_id}"


@dataclass(frozen=True, slots=True)
class ShipOrder:
    order_id: str

    @property
    def stream(self) -> str:
        return f"order-{self.order_id}"


@dataclass(frozen=True, slots=True)
class CancelOrder:
    order_id: str

    @property
    def stream(self) -> str:
        return f"order-{self.order_id}"


Command = RegisterCustomer | AddProduct | Restock | ChangePrice | RenameProduct | PlaceOrder | ShipOrder | CancelOrder
