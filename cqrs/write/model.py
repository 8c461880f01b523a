"""The shop's rules. No SQL here: an aggregate is loaded, asked to change, and saved by a command handler."""

from dataclasses import dataclass

from cqrs.commands import CommandRefused
from cqrs.events import SoldLine


def at_least(least: int, number: int, what: str) -> None:
    """Refuse a number below the least that makes sense."""
    if number < least:
        raise CommandRefused(f"{what} must be at least {least}, not {number}")


@dataclass(slots=True)
class Product:
    id: str
    name: str
    price_cents: int
    on_hand: int
    version: int

    @classmethod
    def new(cls, id: str, name: str, price_cents: int, stock: int) -> "Product":
        """A product that the shop starts to sell."""
        at_least(1, price_cents, "the price in cents")
        at_least(0, stock, "the stock")
        return cls(id, name, price_cents, stock, version=1)

    def restock(self, qty: int) -> None:
        at_least(1, qty, "the quantity")
        self.on_hand += qty
        self.version += 1

    def change_price(self, price_cents: int) -> None:
        at_least(1, price_cents, "the price in cents")
        if price_cents == self.price_cents:
            raise CommandRefused(f"{self.id} already costs that much")
        self.price_cents = price_cents
        self.version += 1

    def rename(self, name: str) -> None:
        if name == self.name:
            raise CommandRefused(f"{self.id} already has that name")
        self.name = name
        self.version += 1

    def sell(self, qty: int) -> SoldLine:
        """Take stock for an order line. The version stays: stock is not part of what the product's stream tells."""
        at_least(1, qty, "the quantity")
        if qty > self.on_hand:
            raise CommandRefused(f"out of stock: the order asks for {qty} {self.id}, there are {self.on_hand}")
        self.on_hand -= qty
        return SoldLine(self.id, self.name, qty, self.price_cents)


@dataclass(slots=True)
class Order:
    id: str
    customer_id: str
    customer_name: str
    lines: tuple[SoldLine, ...]
    placed_on: str
    status: str = "placed"
    version: int = 1

    @property
    def total_cents(self) -> int:
        return sum(line.qty * line.unit_price_cents for line in self.lines)

    def ship(self) -> None:
        self._leave_placed_for("shipped")

    def cancel(self) -> None:
        self._leave_placed_for("cancelled")

    def _leave_placed_for(self, status: str) -> None:
        if self.status != "placed":
            raise CommandRefused(f"order {self.id} is already {self.status}")
        self.status = status
        self.version += 1
