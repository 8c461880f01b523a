"""The truth files: computed from the write tables, they say what every caught-up read model says."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from tests.lab.sandboxes import fresh

customers = st.sampled_from(["c1", "c2", "c3"])
products = st.sampled_from(["lamp", "mug", "rug", "chair"])
orders = st.sampled_from([f"o{n}" for n in range(1, 5)])
numbers = st.integers(-1, 4)

LINES = st.one_of(
    st.builds("cmd restock product={} qty={}".format, products, numbers),
    st.builds("cmd change_price product={} price={}".format, products, st.sampled_from([900, 2500, 9900])),
    st.builds('cmd rename_product product={} name="{}"'.format, products, st.sampled_from(["Lamp", "Ä x", "Mug, big"])),
    st.builds(
        "cmd place_order customer={} order={} lines={}".format,
        customers,
        orders,
        st.lists(st.builds("{}:{}".format, products, st.integers(1, 2)), min_size=1, max_size=3).map(",".join),
    ),
    st.builds("cmd ship_order order={}".format, orders),
    st.builds("cmd cancel_order order={}".format, orders),
    st.just("cmd register_customer customer=c3 name=Cem email=cem@example.test"),
    st.just("cmd add_product product=chair name=Chair price=4000 stock=2"),
    st.just("wait 40000000"),
    st.just("bulk 3"),
)


def without_origin(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{column: value for column, value in row.items() if column != "from_event"} for row in rows]


def shown(sandbox: Sandbox, line: str) -> list[dict[str, Any]]:
    answer = sandbox.act(line)
    assert answer.query is not None
    return without_origin(answer.query["result"])


@settings(max_examples=60, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=25))
def test_a_caught_up_read_model_shows_what_the_write_store_says(lines: list[str]) -> None:
    with fresh() as sandbox:
        for line in lines:
            sandbox.act(line)
        sandbox.act("run")
        for model in BUILT_IN:
            assert shown(sandbox, f"query {model}") == shown(sandbox, f"query {model} via=write")


@pytest.mark.parametrize("model", BUILT_IN)
def test_the_truth_of_a_row_is_found_by_its_key(sandbox: Sandbox, model: str) -> None:
    sandbox.act("cmd place_order customer=c1 lines=rug:1,lamp:2")
    sandbox.act("cmd place_order customer=c1 product=mug qty=1")
    sandbox.act("run")
    key = BUILT_IN[model].key
    rows = shown(sandbox, f"query {model}")
    truth = sandbox.truth(model, [tuple(row[column] for column in key) for row in rows])
    assert list(truth.values()) == rows
    assert sandbox.truth(model, [tuple("nobody" for _ in key)]) == {}


def test_the_truth_is_ahead_of_a_read_model_that_lags(sandbox: Sandbox) -> None:
    sandbox.act("cmd place_order customer=c1 product=lamp qty=2")
    assert sandbox.truth("product_card", [("lamp",)])[("lamp",)]["in_stock"] == 3
    assert shown(sandbox, "query product_card lamp")[0]["in_stock"] == 5
    assert sandbox.truth("order_list", [("o-1",)])[("o-1",)]["status"] == "placed"
    assert shown(sandbox, "query order_list") == []
