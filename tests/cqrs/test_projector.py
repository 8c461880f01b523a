"""The projector: in order, rows and checkpoint together, nothing lost and nothing twice wherever it dies."""

import sqlite3
from collections.abc import Callable, Sequence

import pytest

from cqrs.commands import AddProduct, RenameProduct
from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection, parse
from cqrs.read.projector import POINTS, OutOfOrder, catch_up, deliver, project
from cqrs.read.queries import query
from tests.cqrs.oracle import truth
from tests.cqrs.shop import EVERYTHING, MODELS, ONE_OF_EACH, START, Rows, Shop, fresh_shop, order, seen_by_others

HEAD = len(START) + len(ONE_OF_EACH)


class Crash(Exception):
    """The process dies here."""


def crash_at(point: str, time: int) -> Callable[[str], None]:
    """Die the n-th time that the projector comes to a point."""
    left = [time]

    def at(here: str) -> None:
        left[0] -= here == point
        if not left[0]:
            raise Crash(here)

    return at


def watched(shop: Shop, model: str) -> list[str]:
    seen: list[str] = []
    shop.project(model, at=seen.append)
    return seen


def model(name: str, *lines: str) -> Projection:
    return parse(name, "\n".join(("-- key: id", f"CREATE TABLE {name} (id TEXT PRIMARY KEY, note);", *lines)))


@pytest.fixture
def old(shop: Shop) -> Shop:
    """A shop with a history that no read model has seen."""
    shop.accept(*ONE_OF_EACH)
    return shop


def test_a_read_model_is_stale_until_the_projector_runs(shop: Shop) -> None:
    assert shop.rows("product_card") == []
    assert shop.as_of("product_card") == 0
    shop.catch_up()
    assert [row["in_stock"] for row in shop.rows("product_card")] == [5, 20, 1]
    assert shop.as_of("product_card") == 5


def test_caught_up_the_read_models_show_what_the_write_store_says(old: Shop) -> None:
    old.catch_up()
    assert old.shown() == truth(old.write.connection)


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_the_size_of_the_batch_changes_nothing(old: Shop, batch: int) -> None:
    while old.catch_up(limit=batch):
        pass
    assert old.shown() == truth(old.write.connection)


def test_after_every_event_each_read_model_shows_what_the_write_store_said_then(shop: Shop) -> None:
    for command in ONE_OF_EACH:
        shop.accept(command)
        shop.catch_up()
        assert shop.shown() == truth(shop.write.connection)


def test_catching_up_applies_so_many_events_to_each_and_says_how_many_in_all(old: Shop) -> None:
    assert old.catch_up(limit=3) == 3 * len(MODELS)
    assert {checkpoint.position for checkpoint in old.read.checkpoints()} == {3}
    old.project("sales", 4)
    assert old.catch_up(limit=HEAD - 4) == (HEAD - 4) * (len(MODELS) - 1) + HEAD - 7
    assert old.catch_up() == len(MODELS) - 1
    assert old.catch_up() == 0


def test_each_read_model_has_a_lag_of_its_own(old: Shop) -> None:
    old.project("sales", 7)
    old.project("order_list", 2)
    positions = {checkpoint.name: checkpoint.position for checkpoint in old.read.checkpoints()}
    assert positions == {"customer_card": 0, "order_list": 2, "product_card": 0, "product_search": 0, "sales": 7}


def test_read_models_at_one_position_share_one_reading_of_the_log(old: Shop) -> None:
    readings = []

    def feed(after: int, limit: int) -> Sequence[RecordedEvent]:
        readings.append(after)
        return old.write.events_after(after, limit)

    old.project("sales", 7)
    catch_up(old.read, MODELS.values(), feed)
    assert sorted(readings) == [0, 7]


def test_the_projector_passes_its_points_in_order(old: Shop) -> None:
    old.project("product_card", 5)
    seen: list[str] = []
    old.project("product_card", 2, at=seen.append)
    event = ["after_statement", "after_event"]
    assert seen == ["before_begin", *event, *event, "before_checkpoint", "before_commit", "after_commit"]
    assert set(seen) == set(POINTS)


def test_an_event_type_without_a_block_only_moves_the_checkpoint(shop: Shop) -> None:
    shop.catch_up()
    before = shop.shown()
    shop.accept(order("o1", lamp=1))
    assert shop.project("product_search", at=lambda point: None) == 1
    assert shop.rows("product_search") == before["product_search"]
    assert shop.as_of("product_search") == 6


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("point", POINTS)
def test_wherever_it_dies_rows_and_checkpoint_stay_together(old: Shop, point: str, name: str) -> None:
    old.project(name, 4)
    before = old.rows(name)
    with pytest.raises(Crash):
        old.project(name, at=crash_at(point, 1))
    if point == "after_commit":
        assert old.as_of(name) == HEAD
    else:
        assert (old.rows(name), old.as_of(name)) == (before, 4)
    old.project(name)
    assert old.rows(name) == truth(old.write.connection)[name]


@pytest.mark.parametrize("name", MODELS)
def test_nobody_ever_sees_rows_and_checkpoint_disagree(name: str) -> None:
    said: dict[int, Rows] = {0: []}
    with fresh_shop() as shop:
        for position, command in enumerate((*START, *ONE_OF_EACH), start=1):
            shop.accept(command)
            said[position] = truth(shop.write.connection)[name]

        def look() -> tuple[Rows, int]:
            return query(shop.reader, MODELS[name], limit=EVERYTHING)

        with seen_by_others(shop.read.connection, look) as seen:
            while shop.project(name, 3):
                pass
            shop.read.empty(MODELS[name])
            shop.project(name, HEAD)
            shop.read.rebuild_at_once(MODELS[name], shop.folder / "write.db")
    assert {as_of for _, as_of in seen} == {*range(0, HEAD, 3), HEAD}
    for rows, as_of in seen:
        assert rows == said[as_of]


@pytest.mark.parametrize("point", ["after_statement", "after_event"])
@pytest.mark.parametrize("name", MODELS)
def test_it_may_die_again_and_again(old: Shop, name: str, point: str) -> None:
    batch, times = 5, watched(old, name).count(point)
    old.read.empty(MODELS[name])
    for time in range(1, times + 1):
        with pytest.raises(Crash):
            old.project(name, at=crash_at(point, time))
        assert (old.rows(name), old.as_of(name)) == ([], 0)
    while old.project(name, batch):
        pass
    assert old.rows(name) == truth(old.write.connection)[name]


def test_a_process_that_dies_leaves_what_it_had_committed(old: Shop) -> None:
    old.project("sales", 7)
    rows = old.rows("sales")
    old.read.connection.execute("BEGIN IMMEDIATE")
    old.read.connection.execute("UPDATE sales SET units = 99")
    old.close()
    old.open()
    assert (old.rows("sales"), old.as_of("sales")) == (rows, 7)
    old.catch_up()
    assert old.shown() == truth(old.write.connection)


@pytest.mark.parametrize("positions", [[6], [3, 5], [4, 6], [2, 4], [4, 4]])
def test_an_event_out_of_order_is_refused_and_nothing_of_its_batch_stays(old: Shop, positions: list[int]) -> None:
    old.project("product_card", 3)
    before = old.rows("product_card")
    log = old.write.events_after(0, 100)
    batch = [deliver(log[position - 1]) for position in positions]
    with pytest.raises(OutOfOrder, match="product_card stands at"):
        project(old.read, MODELS["product_card"], batch)
    assert (old.rows("product_card"), old.as_of("product_card")) == (before, 3)
    assert old.checkpoint("product_card").status == "running"


def test_two_projectors_that_were_given_the_same_events_do_not_apply_them_twice(old: Shop) -> None:
    batch = [deliver(event) for event in old.write.events_after(0, 100)]
    project(old.read, MODELS["sales"], batch)
    with pytest.raises(OutOfOrder):
        project(old.read, MODELS["sales"], batch)
    assert old.rows("sales") == truth(old.write.connection)["sales"]


POISONED = [
    ("a missing parameter", "INSERT INTO notes VALUES (:order_id, :coupon);", ":coupon"),
    ("a missing list", "INSERT INTO notes SELECT :order_id, value FROM json_each(:coupons);", ":coupons"),
    ("a rule of the table", "INSERT INTO notes VALUES ('o1', :total_cents);", "UNIQUE"),
    ("a table that is not there", "INSERT INTO nowhere VALUES (:order_id);", "no such table: nowhere"),
    ("not SQL", "PUT IT THERE;", "syntax error"),
    ("JSON that is none", "INSERT INTO notes VALUES (:order_id, json(:customer_name));", "malformed JSON"),
]


@pytest.mark.parametrize(("statement", "reason"), [case[1:] for case in POISONED], ids=[case[0] for case in POISONED])
def test_a_poison_event_stops_its_projection_with_the_reason_and_no_other(
    shop: Shop, statement: str, reason: str
) -> None:
    notes = model("notes", "-- on CustomerRegistered", "INSERT INTO notes VALUES (:customer_id, :name);")
    block = ("-- on OrderPlaced", "INSERT INTO notes VALUES ('o1', 'half');", statement)
    shop.add("notes", parse("notes", "\n".join((notes.source, *block))))
    shop.accept(RenameProduct("mug", "Cup"), order("o1", lamp=1), order("o2", mug=1))
    applied = shop.catch_up()

    assert applied == 6 + 8 * len(MODELS)
    assert shop.rows("notes") == [{"id": "c1", "note": "Ada"}, {"id": "c2", "note": "Ben"}]
    stopped = shop.checkpoint("notes")
    assert (stopped.position, stopped.status) == (6, "stopped")
    assert stopped.reason is not None
    assert stopped.reason.startswith("event 7 OrderPlaced: ")
    assert reason in stopped.reason
    shown = {name: rows for name, rows in shop.shown().items() if name != "notes"}
    assert shown == truth(shop.write.connection)
    assert {shop.checkpoint(name).status for name in MODELS} == {"running"}


def test_a_stopped_projection_that_is_tried_again_stops_again_at_the_same_event(shop: Shop) -> None:
    shop.add("notes", model("notes", "-- on ProductAdded", "INSERT INTO notes VALUES (:product_id, :coupon);"))
    shop.catch_up()
    first = shop.checkpoint("notes")
    assert shop.project("notes") == 0
    assert shop.checkpoint("notes") == first == ("notes", 2, "stopped", first.reason)


def test_a_mended_projection_goes_on_from_where_it_stopped(shop: Shop) -> None:
    shop.add("notes", model("notes", "-- on ProductAdded", "INSERT INTO notes VALUES (:product_id, :coupon);"))
    shop.catch_up()
    shop.models["notes"] = model("notes", "-- on ProductAdded", "INSERT INTO notes VALUES (:product_id, :name);")
    shop.read.set_status("notes", "running")
    assert shop.catch_up() == 3
    assert shop.checkpoint("notes") == ("notes", 5, "running", None)
    assert [row["id"] for row in shop.rows("notes")] == ["lamp", "mug", "rug"]


LATE = """
-- key: id
CREATE TABLE late (id TEXT PRIMARY KEY, of TEXT REFERENCES late (id) DEFERRABLE INITIALLY DEFERRED);
-- on CustomerRegistered
INSERT INTO late VALUES (:customer_id, :customer_id);
-- on ProductAdded
INSERT INTO late VALUES (:product_id, 'nobody');
"""


def test_a_commit_that_the_rules_refuse_is_undone_and_names_the_event(shop: Shop) -> None:
    shop.add("late", parse("late", LATE))
    shop.catch_up()
    assert shop.checkpoint("late") == ("late", 2, "stopped", "event 3 ProductAdded: FOREIGN KEY constraint failed")
    assert [row["id"] for row in shop.rows("late")] == ["c1", "c2"]
    assert {shop.checkpoint(name).position for name in MODELS} == {5}


def test_a_locked_read_store_is_no_events_fault(old: Shop) -> None:
    old.project("sales", 6)
    before = (old.shown(), old.read.checkpoints())
    other = sqlite3.connect(old.folder / "read.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    old.read.connection.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        old.catch_up()
    other.close()
    assert (old.shown(), old.read.checkpoints()) == before
    old.catch_up()
    assert old.shown() == truth(old.write.connection)


def test_a_full_disk_is_no_events_fault(old: Shop) -> None:
    old.catch_up()
    old.accept(*(AddProduct(f"p{n}", 50 * "very " + f"long {n}", 100, 1) for n in range(60)))
    before = (old.shown(), old.read.checkpoints())
    pages = old.read.connection.execute("PRAGMA page_count").fetchone()[0]
    old.read.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        old.project("product_card")
    assert (old.shown(), old.read.checkpoints()) == before
    old.read.connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    old.catch_up()
    assert old.shown() == truth(old.write.connection)


def test_a_parameter_may_be_a_list_and_the_event_brings_its_position_and_id(shop: Shop) -> None:
    block = "INSERT INTO notes SELECT :event_id || '/' || (value ->> 'product_id'), :position FROM json_each(:lines);"
    shop.add("notes", model("notes", "-- on OrderPlaced", block))
    shop.do(order("o1", mug=1, lamp=1), id="this")
    shop.catch_up()
    assert shop.rows("notes") == [{"id": "this.1/lamp", "note": 6}, {"id": "this.1/mug", "note": 6}]


def test_a_name_is_data_and_never_sql(shop: Shop) -> None:
    name = "'); DROP TABLE product_card; --"
    shop.accept(AddProduct("p", name, 100, 1), order("o1", p=1))
    shop.catch_up()
    assert shop.rows("product_card", "p")[0]["name"] == name
    assert shop.rows("order_list", "o1")[0]["items"] == f"1 {name}"
