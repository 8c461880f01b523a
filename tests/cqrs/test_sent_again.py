"""A command that is sent again, one that expects a version, and two that race: each decided once."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cqrs.commands import AddProduct, CancelOrder, ChangePrice, Command, RenameProduct, Restock, ShipOrder
from tests.cqrs.crowds import oversell
from tests.cqrs.racing import RACERS, Attempt, race
from tests.cqrs.shop import Shop, order, tables

ROUNDS = 20


@pytest.mark.parametrize("command", [Restock("lamp", 1), order("o1", lamp=2), order("o1", lamp=9), ShipOrder("o9")])
def test_a_command_sent_again_gets_its_first_answer_and_nothing_happens(shop: Shop, command: Command) -> None:
    first = shop.do(command, id="this")
    before = tables(shop.write.connection)
    for _ in range(2):
        again = shop.do(command, id="this")
        assert again.repeated
        assert again[:3] == first[:3]
    assert tables(shop.write.connection) == before


def test_a_refused_command_stays_refused_under_its_id_and_is_decided_anew_under_another(shop: Shop) -> None:
    assert shop.do(order("o1", rug=2), id="this").outcome == "refused"
    shop.accept(Restock("rug", 1))
    assert shop.do(order("o1", rug=2), id="this").outcome == "refused"
    assert shop.do(order("o1", rug=2), id="other").outcome == "accepted"


def test_the_first_answer_holds_after_the_world_has_moved_on(shop: Shop) -> None:
    first = shop.do(order("o1", rug=1), id="this")
    shop.accept(CancelOrder("o1"), Restock("rug", 5))
    assert shop.do(order("o1", rug=1), id="this")[:3] == first[:3]


def test_an_id_belongs_to_its_first_command(shop: Shop) -> None:
    first = shop.do(Restock("lamp", 1), id="this")
    before = tables(shop.write.connection)
    assert shop.do(Restock("mug", 7), id="this")[:3] == first[:3]
    assert tables(shop.write.connection) == before


def test_the_first_answer_is_kept_in_the_file(shop: Shop) -> None:
    first = [shop.do(Restock("lamp", 1), id="yes"), shop.do(Restock("lamp", 0), id="no")]
    shop.close()
    shop.open()
    again = [shop.do(Restock("lamp", 1), id="yes"), shop.do(Restock("lamp", 0), id="no")]
    assert [answer[:3] for answer in again] == [answer[:3] for answer in first]


@pytest.fixture
def other(shop: Shop) -> Iterator[Shop]:
    """Another process of the same shop, on the same files."""
    with closing(Shop(shop.folder)) as other:
        yield other


@contextmanager
def slipping_in(shop: Shop, transaction: int, act: Callable[[], Any]) -> Iterator[None]:
    """Let somebody act in the moment before the shop begins its n-th transaction."""
    left = [transaction]

    def before(sql: str) -> None:
        left[0] -= sql.startswith("BEGIN")
        if left[0] == 0:
            left[0] = -1
            act()

    shop.write.connection.set_trace_callback(before)
    yield
    shop.write.connection.set_trace_callback(None)
    assert left[0] < 0


@pytest.mark.parametrize(
    ("command", "transaction"), [(Restock("lamp", 1), 1), (order("o1", rug=2), 1), (order("o1", rug=2), 2)]
)
def test_the_same_id_that_slips_in_first_has_the_answer(
    shop: Shop, other: Shop, command: Command, transaction: int
) -> None:
    first = []
    with slipping_in(shop, transaction, lambda: first.append(other.do(command, id="this"))):
        second = shop.do(command, id="this")
    assert (first[0].repeated, second.repeated) == (False, True)
    assert second[:3] == first[0][:3]
    assert shop.write.head() == (first[0].position or 5)


def test_whoever_slips_in_first_has_the_last_rug(shop: Shop, other: Shop) -> None:
    with slipping_in(shop, 1, lambda: other.do(order("o1", mug=1, rug=1), id="theirs")):
        answer = shop.do(order("o2", mug=1, rug=1))
    assert answer.reason == "out of stock: the order asks for 1 rug, there are 0"
    assert tables(shop.write.connection)["stock"] == {("lamp", 5), ("mug", 19), ("rug", 0)}


def test_whoever_slips_in_first_has_the_version(shop: Shop, other: Shop) -> None:
    with slipping_in(shop, 1, lambda: other.do(ChangePrice("lamp", 2700), id="theirs")):
        answer = shop.do(ChangePrice("lamp", 2600), expect=1)
    assert answer.reason == "conflict: product-lamp is at version 2, the command expected 1"


@pytest.mark.parametrize("by", RACERS)
def test_two_that_race_with_one_id_get_one_answer_and_leave_one_event(shop: Shop, by: str) -> None:
    commands: list[Command] = [Restock("mug", 1) if n % 2 else order("o1", rug=2) for n in range(ROUNDS)]
    attempts = [Attempt(command, f"id-{n}") for n, command in enumerate(commands)]
    head = shop.write.head()
    rounds = race(by, shop.folder / "write.db", attempts, attempts)
    for n, (one, other) in enumerate(rounds):
        assert one[:3] == other[:3]
        assert one.outcome == ("accepted" if n % 2 else "refused")
        assert {one.repeated, other.repeated} == {True, False}
    assert shop.write.head() == head + ROUNDS // 2
    assert tables(shop.write.connection)["stock"] == {("lamp", 5), ("mug", 20 + ROUNDS // 2), ("rug", 1)}


def test_a_command_that_expects_the_version_it_finds_is_accepted(shop: Shop) -> None:
    assert shop.do(ChangePrice("lamp", 2600), expect=1).outcome == "accepted"
    assert shop.do(RenameProduct("lamp", "Lantern"), expect=2).outcome == "accepted"
    assert shop.do(AddProduct("chair", "Chair", 4000, 0), expect=0).outcome == "accepted"
    assert shop.do(order("o1", chair=1, lamp=1), expect=0).outcome == "refused"
    assert shop.do(order("o1", lamp=1), expect=0).outcome == "accepted"
    assert shop.do(ShipOrder("o1"), expect=1).outcome == "accepted"


@pytest.mark.parametrize("expected", [0, 2, -1])
def test_a_command_that_expects_another_version_is_a_conflict_and_changes_nothing(shop: Shop, expected: int) -> None:
    before = tables(shop.write.connection)
    answer = shop.do(ChangePrice("lamp", 2600), expect=expected)
    assert answer.reason == f"conflict: product-lamp is at version 1, the command expected {expected}"
    after = tables(shop.write.connection)
    assert {name for name in after if after[name] != before[name]} == {"commands"}


def test_an_order_leaves_the_version_of_its_products(shop: Shop) -> None:
    shop.accept(order("o1", lamp=1))
    assert shop.do(ChangePrice("lamp", 2600), expect=1).outcome == "accepted"


def test_of_two_that_race_from_one_version_one_wins(shop: Shop) -> None:
    one, other = (
        [Attempt(ChangePrice("lamp", cents + n), f"{cents}-{n}", n) for n in range(1, 21)] for cents in (100, 500)
    )
    rounds = race("processes", shop.folder / "write.db", one, other)
    for n, answers in enumerate(rounds, start=1):
        assert sorted(answer.outcome for answer in answers) == ["accepted", "refused"]
        [reason] = [answer.reason for answer in answers if answer.reason]
        assert reason == f"conflict: product-lamp is at version {n + 1}, the command expected {n}"
    versions = [event.stream_version for event in shop.write.events_after(5, 100)]
    assert versions == list(range(2, 22))


def test_two_processes_that_want_the_last_rug_never_both_get_it(shop: Shop) -> None:
    shop.accept(*(AddProduct(f"rug{n}", "Rug", 9900, 1) for n in range(ROUNDS)))
    one, other = (
        [Attempt(order(f"{customer}-{n}", customer, mug=1, **{f"rug{n}": 1}), f"{customer}-{n}") for n in range(ROUNDS)]
        for customer in ("c1", "c2")
    )
    shop.accept(Restock("mug", 2 * ROUNDS))
    rounds = race("processes", shop.folder / "write.db", one, other)
    for n, answers in enumerate(rounds):
        assert sorted(answer.outcome for answer in answers) == ["accepted", "refused"]
        [reason] = [answer.reason for answer in answers if answer.reason]
        assert reason == f"out of stock: the order asks for 1 rug{n}, there are 0"
    stock = dict(shop.write.connection.execute("SELECT product_id, on_hand FROM stock"))
    assert stock == {"lamp": 5, "mug": 20 + ROUNDS, "rug": 1, **{f"rug{n}": 0 for n in range(ROUNDS)}}
    sold = "SELECT product_id, sum(qty) FROM order_lines WHERE product_id <> 'mug' GROUP BY product_id"
    assert dict(shop.write.connection.execute(sold)) == {f"rug{n}": 1 for n in range(ROUNDS)}


def test_eight_processes_that_send_every_key_four_times_sell_no_more_than_there_is(tmp_path: Path) -> None:
    assert oversell(tmp_path / "write.db", units=20, attempts=40, seed=2026) == []
