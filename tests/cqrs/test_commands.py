"""Every command: what it changes and the one event that tells of it, or why it is refused and that nothing changed."""

import json
from contextlib import closing
from typing import Any

import pytest

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
from cqrs.sql import connect_read_only
from tests.cqrs.shop import DAY, Changes, Shop, changes, order, seen_by_others, tables

ORDERED = (order("o1", mug=2, lamp=1),)
LINES = [
    {"product_id": "lamp", "name": "Lamp", "qty": 1, "unit_price_cents": 2500},
    {"product_id": "mug", "name": "Mug", "qty": 2, "unit_price_cents": 800},
]
WHOLE_ORDER = {
    "order_id": "o1",
    "customer_id": "c1",
    "customer_name": "Ada",
    "lines": LINES,
    "total_cents": 4100,
    "placed_on": DAY,
}

ACCEPTED: list[tuple[tuple[Command, ...], Command, str, int, str, dict[str, Any], Changes]] = [
    (
        (),
        RegisterCustomer("c3", "Cem", "cem@example.test"),
        "customer-c3",
        1,
        "CustomerRegistered",
        {"customer_id": "c3", "name": "Cem", "email": "cem@example.test"},
        {"customers": (set(), {("c3", "Cem", "cem@example.test", 1)})},
    ),
    (
        (),
        AddProduct("chair", "Chair", 4000, 0),
        "product-chair",
        1,
        "ProductAdded",
        {"product_id": "chair", "name": "Chair", "price_cents": 4000, "stock": 0},
        {"products": (set(), {("chair", "Chair", 4000, 1)}), "stock": (set(), {("chair", 0)})},
    ),
    (
        (),
        Restock("lamp", 4),
        "product-lamp",
        2,
        "StockAdded",
        {"product_id": "lamp", "qty": 4},
        {
            "products": ({("lamp", "Lamp", 2500, 1)}, {("lamp", "Lamp", 2500, 2)}),
            "stock": ({("lamp", 5)}, {("lamp", 9)}),
        },
    ),
    (
        (),
        ChangePrice("lamp", 2600),
        "product-lamp",
        2,
        "PriceChanged",
        {"product_id": "lamp", "price_cents": 2600},
        {"products": ({("lamp", "Lamp", 2500, 1)}, {("lamp", "Lamp", 2600, 2)})},
    ),
    (
        (),
        RenameProduct("lamp", "Lantern"),
        "product-lamp",
        2,
        "ProductRenamed",
        {"product_id": "lamp", "name": "Lantern"},
        {"products": ({("lamp", "Lamp", 2500, 1)}, {("lamp", "Lantern", 2500, 2)})},
    ),
    (
        (),
        ORDERED[0],
        "order-o1",
        1,
        "OrderPlaced",
        WHOLE_ORDER,
        {
            "orders": (set(), {("o1", "c1", "Ada", "placed", DAY, 1)}),
            "order_lines": (set(), {("o1", "lamp", "Lamp", 1, 2500), ("o1", "mug", "Mug", 2, 800)}),
            "stock": ({("lamp", 5), ("mug", 20)}, {("lamp", 4), ("mug", 18)}),
        },
    ),
    (
        ORDERED,
        ShipOrder("o1"),
        "order-o1",
        2,
        "OrderShipped",
        {"order_id": "o1"},
        {"orders": ({("o1", "c1", "Ada", "placed", DAY, 1)}, {("o1", "c1", "Ada", "shipped", DAY, 2)})},
    ),
    (
        ORDERED,
        CancelOrder("o1"),
        "order-o1",
        2,
        "OrderCancelled",
        WHOLE_ORDER,
        {
            "orders": ({("o1", "c1", "Ada", "placed", DAY, 1)}, {("o1", "c1", "Ada", "cancelled", DAY, 2)}),
            "stock": ({("lamp", 4), ("mug", 18)}, {("lamp", 5), ("mug", 20)}),
        },
    ),
]

REFUSED: list[tuple[tuple[Command, ...], Command, str]] = [
    ((), RegisterCustomer("c1", "Eve", "eve@example.test"), "there is a customer c1 already"),
    ((), RegisterCustomer("c3", "Eve", "ada@example.test"), "the email ada@example.test belongs to another customer"),
    ((), AddProduct("lamp", "Other", 100, 1), "there is a product lamp already"),
    ((), AddProduct("gift", "Gift", 0, 1), "the price in cents must be at least 1, not 0"),
    ((), AddProduct("gift", "Gift", -5, 1), "the price in cents must be at least 1, not -5"),
    ((), AddProduct("gift", "Gift", 100, -1), "the stock must be at least 0, not -1"),
    ((), Restock("gift", 1), "there is no product gift"),
    ((), Restock("lamp", 0), "the quantity must be at least 1, not 0"),
    ((), Restock("lamp", -3), "the quantity must be at least 1, not -3"),
    ((), ChangePrice("gift", 100), "there is no product gift"),
    ((), ChangePrice("lamp", 0), "the price in cents must be at least 1, not 0"),
    ((), ChangePrice("lamp", 2500), "lamp already costs that much"),
    ((), RenameProduct("gift", "Gift"), "there is no product gift"),
    ((), RenameProduct("lamp", "Lamp"), "lamp already has that name"),
    ((), order("o1", "c9", lamp=1), "there is no customer c9"),
    (ORDERED, order("o1", lamp=1), "there is an order o1 already"),
    ((), order("o1"), "an order needs at least one line"),
    (
        (),
        PlaceOrder("o1", "c1", (OrderLine("mug", 1), OrderLine("lamp", 1), OrderLine("mug", 1))),
        "an order names a product once: mug is there twice",
    ),
    ((), order("o1", mug=1, gift=1), "there is no product gift"),
    ((), order("o1", mug=1, lamp=0), "the quantity must be at least 1, not 0"),
    ((), order("o1", mug=1, lamp=-1), "the quantity must be at least 1, not -1"),
    ((), order("o1", mug=1, lamp=6), "out of stock: the order asks for 6 lamp, there are 5"),
    ((), ShipOrder("o9"), "there is no order o9"),
    ((*ORDERED, ShipOrder("o1")), ShipOrder("o1"), "order o1 is already shipped"),
    ((*ORDERED, CancelOrder("o1")), ShipOrder("o1"), "order o1 is already cancelled"),
    ((), CancelOrder("o9"), "there is no order o9"),
    ((*ORDERED, ShipOrder("o1")), CancelOrder("o1"), "order o1 is already shipped"),
    ((*ORDERED, CancelOrder("o1")), CancelOrder("o1"), "order o1 is already cancelled"),
]


def named(case: Any) -> str | None:
    """Call a case by its command, or by the reason of its refusal."""
    if isinstance(case, str):
        return case.replace(" ", "-")
    return type(case).__name__ if hasattr(case, "stream") else ""


@pytest.mark.parametrize(("before", "command", "stream", "version", "type", "payload", "change"), ACCEPTED, ids=named)
def test_an_accepted_command_makes_its_change_and_leaves_one_event(
    shop: Shop,
    before: tuple[Command, ...],
    command: Command,
    stream: str,
    version: int,
    type: str,
    payload: dict[str, Any],
    change: Changes,
) -> None:
    shop.accept(*before)
    was, head = tables(shop.write.connection), shop.write.head()
    answer = shop.do(command, id="this")
    assert (answer.outcome, answer.reason, answer.position, answer.repeated) == ("accepted", None, head + 1, False)

    found = changes(was, tables(shop.write.connection))
    assert {name: found[name] for name in found if name not in ("events", "commands")} == change
    [event] = shop.write.events_after(head, 10)
    assert (event.position, event.type, event.stream, event.stream_version) == (head + 1, type, stream, version)
    assert (event.command_id, event.event_id) == ("this", "this.1")
    assert event.recorded_at == f"{DAY}T09:00:00.000000+00:00"
    assert json.loads(event.payload) == payload
    kept = shop.write.connection.execute(
        "SELECT name, outcome, reason, position FROM commands WHERE command_id = 'this'"
    ).fetchone()
    assert kept == (command.__class__.__name__, "accepted", None, head + 1)


def test_every_command_is_tried_here() -> None:
    kinds = set(Command.__args__)  # type: ignore[attr-defined]
    assert {case[1].__class__ for case in ACCEPTED} == kinds
    assert {case[1].__class__ for case in REFUSED} == kinds


@pytest.mark.parametrize(("before", "command", "reason"), REFUSED, ids=named)
def test_a_refused_command_is_kept_with_its_reason_and_changes_nothing_else(
    shop: Shop, before: tuple[Command, ...], command: Command, reason: str
) -> None:
    shop.accept(*before)
    was = tables(shop.write.connection)
    answer = shop.do(command, id="this")
    assert (answer.outcome, answer.reason, answer.position, answer.repeated) == ("refused", reason, None, False)
    found = changes(was, tables(shop.write.connection))
    assert set(found) == {"commands"}
    kept = shop.write.connection.execute(
        "SELECT name, outcome, reason, position FROM commands WHERE command_id = 'this'"
    ).fetchone()
    assert kept == (command.__class__.__name__, "refused", reason, None)


@pytest.mark.parametrize(("before", "command"), [case[:2] for case in (*ACCEPTED, *REFUSED)], ids=named)
def test_nobody_ever_sees_a_part_of_a_command(shop: Shop, before: tuple[Command, ...], command: Command) -> None:
    shop.accept(*before)
    with closing(connect_read_only(shop.folder / "write.db")) as other:
        was = tables(other)
        with seen_by_others(shop.write.connection, lambda: tables(other)) as seen:
            shop.do(command)
        now = tables(other)
    turn = seen.index(now)
    assert turn > 3
    assert seen == turn * [was] + (len(seen) - turn) * [now]


def test_the_shop_starts_with_five_events(shop: Shop) -> None:
    assert [event.type for event in shop.write.events_after(0, 10)] == 2 * ["CustomerRegistered"] + 3 * ["ProductAdded"]


def test_a_command_keeps_its_arguments_as_they_were_given(shop: Shop) -> None:
    shop.do(order("o1", mug=2, lamp=1), id="this")
    [args] = shop.write.connection.execute("SELECT args FROM commands WHERE command_id = 'this'").fetchone()
    assert json.loads(args) == {
        "order_id": "o1",
        "customer_id": "c1",
        "lines": [{"product_id": "mug", "qty": 2}, {"product_id": "lamp", "qty": 1}],
    }


def test_an_order_is_told_line_by_line_in_one_order_however_it_was_given(shop: Shop) -> None:
    shop.accept(order("o1", mug=1, lamp=1), order("o2", lamp=1, mug=1))
    told = [json.loads(event.payload)["lines"] for event in shop.write.events_after(5, 2)]
    assert told[0] == told[1]


def test_an_order_of_all_that_is_left_is_accepted_and_the_next_is_not(shop: Shop) -> None:
    assert shop.do(order("o1", lamp=5)).outcome == "accepted"
    assert shop.do(order("o2", lamp=1)).reason == "out of stock: the order asks for 1 lamp, there are 0"


def test_what_was_cancelled_can_be_sold_again(shop: Shop) -> None:
    shop.accept(order("o1", rug=1), CancelOrder("o1"), order("o2", rug=1))


def test_an_order_keeps_the_prices_and_names_of_its_day(shop: Shop) -> None:
    shop.accept(order("o1", mug=2, lamp=1))
    shop.accept(ChangePrice("mug", 900), RenameProduct("lamp", "Lantern"))
    shop.on("2026-03-09")
    shop.accept(CancelOrder("o1"), order("o2", mug=2, lamp=1))
    told = [json.loads(event.payload) for event in shop.write.events_after(5, 10) if event.type.startswith("Order")]
    placed, cancelled, later = told
    assert placed == cancelled == WHOLE_ORDER
    assert [(line["name"], line["unit_price_cents"]) for line in later["lines"]] == [("Lantern", 2500), ("Mug", 900)]
    assert (later["total_cents"], later["placed_on"]) == (4300, "2026-03-09")
    kept = shop.write.connection.execute("SELECT name, unit_price_cents FROM order_lines WHERE order_id = 'o1'")
    assert set(kept) == {("Lamp", 2500), ("Mug", 800)}


def test_money_is_counted_in_whole_cents(shop: Shop) -> None:
    shop.accept(AddProduct("pin", "Pin", 1, 999_999_999), order("o1", pin=333_333_333))
    [event] = shop.write.events_after(6, 1)
    assert json.loads(event.payload)["total_cents"] == 333_333_333
