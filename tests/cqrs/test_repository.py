"""The facade over both sides: finding asks the read side and may be behind; saving and deleting are commands."""

import pytest

from cqrs.repository import OrderRepository
from tests.cqrs.shop import DAY, MODELS, Shop, order

NOW = f"{DAY}T10:00:00.000000+00:00"


@pytest.fixture
def orders(shop: Shop) -> OrderRepository:
    return OrderRepository(shop.write, shop.reader, MODELS["order_list"])


def test_a_saved_order_is_found_once_the_projector_has_run(shop: Shop, orders: OrderRepository) -> None:
    answer = orders.save(order("o1", lamp=2), command_id="this", now=NOW)
    assert (answer.outcome, answer.position) == ("accepted", 6)
    assert orders.find_by_id("o1") is None
    shop.catch_up()
    assert orders.find_by_id("o1") == {
        "order_id": "o1",
        "customer_name": "Ada",
        "items": "2 Lamp",
        "total_cents": 5000,
        "placed_on": DAY,
        "status": "placed",
        "from_event": 6,
    }


def test_all_orders_are_found_in_order_and_no_more_than_asked_for(shop: Shop, orders: OrderRepository) -> None:
    assert orders.find_all() == []
    for id in ("o2", "o1", "o3"):
        orders.save(order(id, mug=1), command_id=id, now=NOW)
    shop.catch_up()
    assert [found["order_id"] for found in orders.find_all()] == ["o1", "o2", "o3"]
    assert [found["order_id"] for found in orders.find_all(limit=2)] == ["o1", "o2"]


def test_a_deleted_order_is_a_cancelled_one(shop: Shop, orders: OrderRepository) -> None:
    orders.save(order("o1", rug=1), command_id="save", now=NOW)
    answer = orders.delete("o1", command_id="delete", now=NOW)
    assert (answer.outcome, answer.position) == ("accepted", 7)
    shop.catch_up()
    found = orders.find_by_id("o1")
    assert found is not None
    assert (found["status"], found["from_event"]) == ("cancelled", 7)
    assert orders.save(order("o2", rug=1), command_id="again", now=NOW).outcome == "accepted"


def test_saving_and_deleting_may_be_refused_and_sent_again(orders: OrderRepository) -> None:
    assert orders.save(order("o1", rug=2), command_id="this", now=NOW).reason == (
        "out of stock: the order asks for 2 rug, there are 1"
    )
    assert orders.delete("o1", command_id="other", now=NOW).reason == "there is no order o1"
    assert orders.delete("o1", command_id="other", now=NOW).repeated


def test_an_order_that_is_not_there_is_not_found(orders: OrderRepository) -> None:
    assert orders.find_by_id("o9") is None
