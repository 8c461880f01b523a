"""A read model can be made again from the log at any time, event by event or at once, to the very same rows."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqrs.read.projection import parse
from tests.cqrs.histories import PLENTY, days, examples, next_command
from tests.cqrs.oracle import truth
from tests.cqrs.shop import MODELS, ONE_OF_EACH, START, Shop, fresh_shop, order


@pytest.fixture
def old(shop: Shop) -> Shop:
    """A shop whose read models have seen a history."""
    shop.accept(*ONE_OF_EACH)
    shop.catch_up()
    return shop


def at_once(shop: Shop, model: str) -> None:
    shop.read.rebuild_at_once(shop.models[model], shop.folder / "write.db")


@settings(max_examples=examples(30), deadline=None)
@given(st.data(), st.integers(5, 25))
def test_whatever_the_history_a_rebuild_of_either_kind_gives_the_rows_that_were_there(
    data: st.DataObject, length: int
) -> None:
    with fresh_shop() as shop:
        shop.accept(*START, *PLENTY)
        for _ in range(length):
            shop.on(data.draw(days))
            shop.do(data.draw(next_command(shop)))
            shop.catch_up()
        shown = shop.shown()
        assert shown == truth(shop.write.connection)
        for model in MODELS:
            at_once(shop, model)
        assert shop.shown() == shown
        assert shop.catch_up() == 0
        for projection in MODELS.values():
            shop.read.empty(projection)
        shop.catch_up(limit=7)
        shop.catch_up()
        assert shop.shown() == shown


def test_every_built_in_projection_says_how_it_is_rebuilt_at_once() -> None:
    assert {name for name, projection in MODELS.items() if not projection.rebuild} == set()


@pytest.mark.parametrize("model", MODELS)
def test_rebuilding_one_leaves_the_others_alone(old: Shop, model: str) -> None:
    shown = old.shown()
    old.read.empty(MODELS[model])
    assert {name: old.as_of(name) for name in MODELS if old.as_of(name) == 0} == {model: 0}
    assert old.shown() == {**shown, model: []}
    old.catch_up()
    assert old.shown() == shown


@pytest.mark.parametrize("model", MODELS)
def test_a_rebuild_repairs_what_was_changed_by_hand(old: Shop, model: str) -> None:
    shown = old.shown()
    for rebuild in (lambda: old.read.empty(MODELS[model]), lambda: at_once(old, model)):
        old.read.connection.execute(f"DELETE FROM {model}")
        rebuild()
        old.catch_up()
        assert old.shown() == shown


@pytest.mark.parametrize("model", MODELS)
def test_rebuilt_at_once_it_stands_at_the_head_and_goes_on_from_there(old: Shop, model: str) -> None:
    old.accept(order("o8", lamp=1, mug=2))
    at_once(old, model)
    assert old.as_of(model) == old.write.head()
    assert old.rows(model) == truth(old.write.connection)[model]
    old.accept(order("o9", lamp=1, mug=2))
    old.catch_up()
    assert old.shown() == truth(old.write.connection)


@pytest.mark.parametrize("model", MODELS)
def test_an_empty_log_gives_an_empty_read_model(model: str) -> None:
    with fresh_shop() as shop:
        at_once(shop, model)
        assert (shop.rows(model), shop.as_of(model)) == ([], 0)


def test_a_rebuild_at_once_that_fails_leaves_the_read_model_as_it_was(old: Shop) -> None:
    broken = parse("sales", MODELS["sales"].source.replace("sum(units)", "sum(nothing)"))
    assert broken.rebuild != MODELS["sales"].rebuild
    shown = old.shown()
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        old.read.rebuild_at_once(broken, old.folder / "write.db")
    assert old.shown() == shown
    at_once(old, "sales")
    assert old.shown() == shown


def test_a_rebuild_at_once_cannot_touch_the_log(old: Shop) -> None:
    greedy = parse("sales", MODELS["sales"].source.split("-- rebuild")[0] + "-- rebuild\nDELETE FROM log.events;")
    before = old.write.events_after(0, 100)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        old.read.rebuild_at_once(greedy, old.folder / "write.db")
    assert old.write.events_after(0, 100) == before


def test_a_stopped_read_model_runs_again_once_it_is_rebuilt(old: Shop) -> None:
    for rebuild in (lambda: old.read.empty(MODELS["sales"]), lambda: at_once(old, "sales")):
        old.read.set_status("sales", "stopped", "event 7 was poison")
        rebuild()
        assert (old.checkpoint("sales").status, old.checkpoint("sales").reason) == ("running", None)


def test_a_deleted_read_store_comes_back_from_the_log(old: Shop) -> None:
    shown = old.shown()
    old.close()
    for file in old.folder.glob("read.db*"):
        file.unlink()
    old.open()
    assert not any(old.shown().values())
    old.catch_up()
    assert old.shown() == shown


def test_a_dropped_read_model_is_gone_and_comes_back_from_the_log(old: Shop) -> None:
    shown = old.rows("sales")
    old.read.drop(MODELS["sales"])
    assert "sales" not in {checkpoint.name for checkpoint in old.read.checkpoints()}
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        old.rows("sales")
    old.read.add(MODELS["sales"])
    old.catch_up()
    assert old.rows("sales") == shown


def test_a_read_model_that_begins_at_the_end_knows_only_what_comes(old: Shop) -> None:
    old.read.drop(MODELS["order_list"])
    old.read.add(MODELS["order_list"], position=old.write.head())
    old.accept(order("o9", lamp=1))
    old.catch_up()
    assert [row["order_id"] for row in old.rows("order_list")] == ["o9"]
