"""The commands as a person writes them: fields that a form, a line or a test fills in."""

from collections.abc import Callable
from dataclasses import dataclass

from cqrs.commands import (
    AddProduct,
    CancelOrder,
    ChangePrice,
    Command,
    PlaceOrder,
    RegisterCustomer,
    RenameProduct,
    Restock,
    ShipOrder,
)
from lab.values import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a command: its name in the line, its kind, the label of its form field, an example."""

    name: str
    kind: Kind
    label: str
    example: str


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """How a command is written: its name, its button, its fields, and the command made from their values."""

    name: str
    label: str
    fields: tuple[Field, ...]
    make: Callable[..., Command]

    @property
    def example(self) -> str:
        """A line that would be right."""
        return f"cmd {self.name} " + " ".join(f"{field.name}={field.example}" for field in self.fields)


CUSTOMER = Field("customer", "id", "Customer", "c1")
PRODUCT = Field("product", "id", "Product", "lamp")
QTY = Field("qty", "qty", "Quantity", "2")
PRICE = Field("price", "cents", "Price", "2500")
ORDER = Field("order", "id", "Order", "o-1")

COMMANDS: dict[str, CommandSpec] = {
    spec.name: spec
    for spec in (
        CommandSpec(
            "place_order",
            "Place order",
            (CUSTOMER, PRODUCT, QTY),
            lambda order, customer, lines: PlaceOrder(order, customer, lines),
        ),
        CommandSpec("restock", "Restock", (PRODUCT, QTY), Restock),
        CommandSpec("change_price", "Change price", (PRODUCT, PRICE), ChangePrice),
        CommandSpec(
            "rename_product",
            "Rename product",
            (PRODUCT, Field("name", "text", "New name", '"Desk lamp"')),
            RenameProduct,
        ),
        CommandSpec("ship_order", "Ship order", (ORDER,), ShipOrder),
        CommandSpec("cancel_order", "Cancel order", (ORDER,), CancelOrder),
        CommandSpec(
            "register_customer",
            "Register customer",
            (
                Field("customer", "id", "Id", "c3"),
                Field("name", "text", "Name", "Cem"),
                Field("email", "email", "Email", "cem@example.test"),
            ),
            RegisterCustomer,
        ),
        CommandSpec(
            "add_product",
            "Add product",
            (
                Field("product", "id", "Id", "chair"),
                Field("name", "text", "Name", "Chair"),
                PRICE,
                Field("stock", "qty", "In stock", "10"),
            ),
            AddProduct,
        ),
    )
}
