"""The command handlers: one function a command, and ``handle``, the one door to them.

Read ``handle`` first. A handler loads what the rules need, lets the model decide, saves the change and
returns the event that tells of it; it never sees a read model. To say no, it raises CommandRefused.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from cqrs.commands import (
    AddProduct,
    CancelOrder,
    ChangePrice,
    Command,
    CommandRefused,
    PlaceOrder,
    RegisterCustomer,
    RenameProduct,
    Restock,
    ShipOrder,
)
from cqrs.events import (
    CustomerRegistered,
    Event,
    OrderCancelled,
    OrderPlaced,
    OrderShipped,
    PriceChanged,
    ProductAdded,
    ProductRenamed,
    StockAdded,
)
from cqrs.write.model import Order, Product
from cqrs.write.store import Answer, WriteStore


class Decision(NamedTuple):
    """The event to record, and the version that its aggregate has reached with it."""

    event: Event
    version: int


def handle(
    store: WriteStore, command: Command, *, command_id: str, now: str, expected_version: int | None = None
) -> Answer:
    """Decide a command and return its answer.

    The command, its change and its event commit in one transaction. A command_id that was decided
    before gets its first answer again, and nothing happens. ``now`` is UTC in ISO 8601.
    """
    try:
        with store.transaction():
            first = store.answer_to(command_id)
            if first is not None:
                return first
            event, version = HANDLERS[type(command)](command, store, now[:10])
            if expected_version is not None and expected_version != version - 1:
                raise CommandRefused(
                    f"conflict: {command.stream} is at version {version - 1}, the command expected {expected_version}"
                )
            position = store.append(event, command.stream, version, command_id, now)
            answer = Answer("accepted", None, position)
            store.record_answer(command_id, command, answer, now)
            return answer
    except CommandRefused as refusal:
        return _refuse(store, command, command_id, now, str(refusal))


def _refuse(store: WriteStore, command: Command, command_id: str, now: str, reason: str) -> Answer:
    """Record a refusal. What the handler had begun is already undone, so this is a transaction of its own."""
    with store.transaction():
        first = store.answer_to(command_id)
        if first is not None:
            return first
        answer = Answer("refused", reason, None)
        store.record_answer(command_id, command, answer, now)
        return answer


def register_customer(command: RegisterCustomer, store: WriteStore, today: str) -> Decision:
    """Take on a customer, unless the id or the email address is taken."""
    if store.customer_name(command.customer_id) is not None:
        raise CommandRefused(f"there is a customer {command.customer_id} already")
    if store.email_taken(command.email):
        raise CommandRefused(f"the email {command.email} belongs to another customer")
    store.add_customer(command.customer_id, command.name, command.email)
    return Decision(CustomerRegistered(command.customer_id, command.name, command.email), version=1)


def add_product(command: AddProduct, store: WriteStore, today: str) -> Decision:
    """Start to sell a product."""
    if store.product(command.product_id) is not None:
        raise CommandRefused(f"there is a product {command.product_id} already")
    product = Product.new(command.product_id, command.name, command.price_cents, command.stock)
    store.add_product(product)
    return Decision(ProductAdded(product.id, product.name, product.price_cents, product.on_hand), product.version)


def restock(command: Restock, store: WriteStore, today: str) -> Decision:
    """Put more of a product into stock."""
    product = _existing_product(store, command.product_id)
    product.restock(command.qty)
    store.save_product(product)
    store.save_stock(product)
    return Decision(StockAdded(product.id, command.qty), product.version)


def change_price(command: ChangePrice, store: WriteStore, today: str) -> Decision:
    """Sell a product at another price from now on."""
    product = _existing_product(store, command.product_id)
    product.change_price(command.price_cents)
    store.save_product(product)
    return Decision(PriceChanged(product.id, product.price_cents), product.version)


def rename_product(command: RenameProduct, store: WriteStore, today: str) -> Decision:
    """Sell a product under another name from now on."""
    product = _existing_product(store, command.product_id)
    product.rename(command.name)
    store.save_product(product)
    return Decision(ProductRenamed(product.id, product.name), product.version)


def place_order(command: PlaceOrder, store: WriteStore, today: str) -> Decision:
    """Take stock for every line of an order, or refuse the order as a whole."""
    customer_name = store.customer_name(command.customer_id)
    if customer_name is None:
        raise CommandRefused(f"there is no customer {command.customer_id}")
    if store.order_exists(command.order_id):
        raise CommandRefused(f"there is an order {command.order_id} already")
    if not command.lines:
        raise CommandRefused("an order needs at least one line")
    sold = {}
    for line in command.lines:
        if line.product_id in sold:
            raise CommandRefused(f"an order names a product once: {line.product_id} is there twice")
        product = _existing_product(store, line.product_id)
        sold[line.product_id] = product.sell(line.qty)
        store.save_stock(product)
    # In the order in which the store gives them back, so that every telling of this order is the same.
    lines = tuple(sold[product_id] for product_id in sorted(sold))
    order = Order(command.order_id, command.customer_id, customer_name, lines, placed_on=today)
    store.add_order(order)
    return Decision(
        OrderPlaced(order.id, order.customer_id, customer_name, order.lines, order.total_cents, order.placed_on),
        order.version,
    )


def ship_order(command: ShipOrder, store: WriteStore, today: str) -> Decision:
    """Send a placed order on its way."""
    order = _existing_order(store, command.order_id)
    order.ship()
    store.save_order(order)
    return Decision(OrderShipped(order.id), order.version)


def cancel_order(command: CancelOrder, store: WriteStore, today: str) -> Decision:
    """Call off a placed order and put its lines back into stock."""
    order = _existing_order(store, command.order_id)
    order.cancel()
    for line in order.lines:
        product = _existing_product(store, line.product_id)
        product.on_hand += line.qty
        store.save_stock(product)
    store.save_order(order)
    return Decision(
        OrderCancelled(
            order.id, order.customer_id, order.customer_name, order.lines, order.total_cents, order.placed_on
        ),
        order.version,
    )


def _existing_product(store: WriteStore, product_id: str) -> Product:
    product = store.product(product_id)
    if product is None:
        raise CommandRefused(f"there is no product {product_id}")
    return product


def _existing_order(store: WriteStore, order_id: str) -> Order:
    order = store.order(order_id)
    if order is None:
        raise CommandRefused(f"there is no order {order_id}")
    return order


HANDLERS: dict[type, Callable[[Any, WriteStore, str], Decision]] = {
    RegisterCustomer: register_customer,
    AddProduct: add_product,
    Restock: restock,
    ChangePrice: change_price,
    RenameProduct: rename_product,
    PlaceOrder: place_order,
    ShipOrder: ship_order,
    CancelOrder: cancel_order,
}
