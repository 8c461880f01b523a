"""What a customer's page costs: from the write tables, with an index, and from the read model."""

from typing import Any

import pytest

from lab.language import parse
from lab.sandbox import Sandbox
from lab.values import BadLine
from tests.lab.breaking import act
from tests.lab.sandboxes import replayed


def cost(sandbox: Sandbox, line: str) -> int:
    return int(act(sandbox, line).result["work"])


def measures(sandbox: Sandbox) -> list[Any]:
    return sandbox.lab.connection.execute("SELECT n, name, customer, orders, work FROM measures ORDER BY n").fetchall()


def test_the_page_grows_with_the_shop_an_index_saves_a_part_and_the_copy_stays_flat(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 100", "run")
    small, small_copy = cost(sandbox, "measure crud"), cost(sandbox, "measure read_model")
    act(sandbox, "bulk 900")
    large = cost(sandbox, "measure crud")
    act(sandbox, "index")
    indexed = cost(sandbox, "measure crud")
    act(sandbox, "run")
    copy = cost(sandbox, "measure read_model")
    assert round(large / small) == 10
    assert large / 2 < indexed < large * 9 / 10
    assert small_copy == copy
    assert copy * 100 <= large
    assert [(name, orders) for _, name, _, orders, _ in measures(sandbox)] == [
        ("crud", 100),
        ("read_model", 100),
        ("crud", 1000),
        ("crud+index", 1000),
        ("read_model", 1000),
    ]


def test_both_roads_lead_to_the_same_answer_once_the_copy_has_caught_up(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 9", "cmd cancel_order order=o-1-2", "run")
    for customer in ("c1", "c2"):
        tables = act(sandbox, f"measure crud {customer}").result["row"]
        assert tables == act(sandbox, f"measure read_model {customer}").result["row"]
        assert tables["orders"] > 0


def test_work_is_the_same_every_time_and_in_a_replay(sandbox: Sandbox) -> None:
    act(sandbox, "bulk 20", "index")
    assert cost(sandbox, "measure crud c2") == cost(sandbox, "measure crud c2")
    assert replayed(sandbox) == sandbox.stores.fingerprint()
    before = measures(sandbox)
    act(sandbox, "wait 1")
    sandbox.act("undo")
    assert measures(sandbox) == before


def test_an_index_is_kept_by_undo_and_made_once(sandbox: Sandbox) -> None:
    assert str(act(sandbox, "index").reason).startswith("orders_by_customer made")
    assert act(sandbox, "index").reason == "orders_by_customer is there already"
    sandbox.act("undo")
    assert act(sandbox, "measure crud").result["name"] == "crud+index"


def test_an_empty_copy_is_fast_and_it_is_told_that_it_is_empty(sandbox: Sandbox) -> None:
    act(sandbox, "model rebuild customer_card")
    answer = act(sandbox, "measure read_model c1")
    assert answer.reason == ("1 work unit for the page of c1, with 0 orders in the shop; the copy has no row for c1")


def test_what_is_not_there_cannot_be_measured(sandbox: Sandbox) -> None:
    assert sandbox.act("measure crud nobody").reason == "there is no customer nobody"
    act(sandbox, "model drop customer_card")
    assert str(sandbox.act("measure read_model").reason).startswith("there is no read model customer_card now")
    assert measures(sandbox) == []


@pytest.mark.parametrize("line", ["measure", "measure sales", "measure crud c1 c2", "measure crud c/1", "index orders"])
def test_a_line_that_measures_nothing_says_what_it_needs(line: str) -> None:
    with pytest.raises(BadLine):
        parse(line)
