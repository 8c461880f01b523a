"""Deliveries out of the ordinary: an event that comes twice, too late, or that nobody can apply."""

from collections.abc import Iterator

import pytest

from lab.sandbox import Sandbox
from tests.lab.breaking import act, befell, checkpoint, differing, drifted, parked, statuses, units
from tests.lab.sandboxes import fresh, replayed

TWO_MUGS = "cmd place_order customer=c1 product=mug qty=2"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        yield sandbox


def price(sandbox: Sandbox, product: str) -> int:
    found = sandbox.read.connection.execute("SELECT price_cents FROM product_card WHERE product_id = ?", (product,))
    return int(found.fetchone()[0])


# Twice


@pytest.mark.parametrize(
    ("dedupe", "sold", "said"),
    [
        ("position", 2, "left out: sales had applied event #6 before"),
        ("on", 2, "left out: sales had applied event #6 before"),
        ("off", 4, "applied event #6 a second time"),
    ],
)
def test_an_event_that_comes_twice_counts_once_if_somebody_remembers(
    sandbox: Sandbox, dedupe: str, sold: int, said: str
) -> None:
    act(sandbox, f"mode sales dedupe={dedupe}", TWO_MUGS, "run sales")
    assert act(sandbox, "redeliver sales 6").reason == said
    assert units(sandbox, "mug") == sold
    assert checkpoint(sandbox, "sales") == (6, "running", None)
    assert befell(sandbox, "sales") == [("again" if sold == 4 else "known", 6, 6)]
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_an_old_event_that_comes_again_does_not_take_the_checkpoint_back(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", TWO_MUGS, "bulk 3", "run sales", "redeliver sales 6")
    assert checkpoint(sandbox, "sales")[0] == 10
    act(sandbox, "run sales")
    assert units(sandbox, "mug") == 2 + 3 + 2


def test_only_what_was_delivered_can_come_twice(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS)
    assert str(sandbox.act("redeliver sales 6").reason).startswith("sales has not had event #6 yet, it stands at #5")
    assert sandbox.act("redeliver sales 7").reason == "there is no event #7; the log ends at #6"
    assert str(sandbox.act("redeliver slaes 6").reason).startswith("there is no read model slaes now")


def test_a_crash_during_a_second_delivery_is_as_any_other(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", TWO_MUGS, "run sales", "crash sales before_commit")
    act(sandbox, "redeliver sales 6", ends="crashed")
    assert units(sandbox, "mug") == 2
    act(sandbox, "crash sales after_commit")
    act(sandbox, "redeliver sales 6", ends="crashed")
    assert units(sandbox, "mug") == 4
    assert {what for *_, what in drifted(sandbox, "sales")} == {"again"}


# Late


@pytest.mark.parametrize(("dedupe", "shown"), [("position", 2700), ("on", 2600), ("off", 2600)])
def test_an_event_that_comes_late_undoes_a_newer_one_unless_positions_are_checked(
    sandbox: Sandbox, dedupe: str, shown: int
) -> None:
    act(sandbox, f"mode product_card dedupe={dedupe}")
    act(sandbox, "cmd change_price product=lamp price=2600", "cmd change_price product=lamp price=2700")
    answer = act(sandbox, "reorder product_card")
    assert str(answer.reason).startswith("simulated: event #")
    act(sandbox, "run")
    assert price(sandbox, "lamp") == shown
    assert checkpoint(sandbox, "product_card") == (7, "running", None)
    causes = {(column, cause, what) for _, column, _, _, cause, what in drifted(sandbox, "product_card")}
    assert causes == (set() if shown == 2700 else {("price_cents", 6, "late")})
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_cancelled_order_comes_back_to_life_where_the_order_of_events_is_not_kept(sandbox: Sandbox) -> None:
    act(sandbox, "mode order_list dedupe=on", TWO_MUGS, "cmd cancel_order order=o-1", "reorder order_list")
    assert statuses(sandbox) == {"o-1": "placed"}
    assert [(column, says, true) for _, column, says, true, _, _ in drifted(sandbox, "order_list")] == [
        ("status", "placed", "cancelled")
    ]


def test_the_correct_projector_takes_none_of_them_and_waits(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS, TWO_MUGS, TWO_MUGS)
    answer = act(sandbox, "reorder sales 2")
    assert answer.reason == "simulated: event #7 came before #6; the projector took neither, it waits for #6"
    assert (checkpoint(sandbox, "sales"), units(sandbox, "mug")) == ((5, "running", None), None)


def test_there_must_be_something_to_come_before_it(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS)
    assert str(sandbox.act("reorder sales").reason).startswith("reorder needs 2 events that sales has not applied")


# Poison


def test_an_old_order_really_fails_in_three_read_models_and_two_go_on(sandbox: Sandbox) -> None:
    act(sandbox, "poison order=old1", TWO_MUGS)
    stopped = act(sandbox, "run", ends="stopped")
    assert stopped.reason == ("order_list stopped at event 6 OrderPlaced: NOT NULL constraint failed: order_list.items")
    assert {name: (at.position, at.status) for name, at in sandbox.stores.checkpoints().items()} == {
        "customer_card": (7, "running"),
        "order_list": (5, "stopped"),
        "product_card": (5, "stopped"),
        "product_search": (7, "running"),
        "sales": (5, "stopped"),
    }
    assert sandbox.state()["projections"]["sales"]["behind"] == 2
    # The write side took the order as it takes any other.
    assert sandbox.write.connection.execute("SELECT on_hand FROM stock WHERE product_id = 'mug'").fetchone() == (17,)


def test_a_poison_event_in_the_middle_of_a_batch_keeps_what_came_before_it(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS, "poison", TWO_MUGS)
    for mode in ("dedupe=position", "dedupe=on", "atomic=off"):
        act(sandbox, f"mode sales {mode}")
        act(sandbox, "run sales", ends="stopped")
        assert (checkpoint(sandbox, "sales")[:2], units(sandbox, "mug")) == ((6, "stopped"), 2)


@pytest.mark.parametrize(
    ("poison", "sold", "set_aside"), [("halt", None, []), ("skip", 2, []), ("park", 2, [(6, 0)]), ("dlq", 2, [(6, 0)])]
)
def test_what_becomes_of_a_poison_event_and_of_those_behind_it(
    sandbox: Sandbox, poison: str, sold: int | None, set_aside: list[tuple[int, int]]
) -> None:
    act(sandbox, "poison order=old1", TWO_MUGS, f"mode sales poison={poison}")
    sandbox.act("run sales")
    assert (units(sandbox, "mug"), parked(sandbox, "sales")) == (sold, set_aside)
    what = {"halt": "stopped", "skip": "skipped", "park": "parked", "dlq": "parked"}[poison]
    assert befell(sandbox, "sales") == [(what, 6, 6)]
    wrong = {(column, says, true, what) for _, column, says, true, _, what in drifted(sandbox, "sales")}
    assert wrong == (set() if poison == "halt" else {("units", 2, 3, what), ("revenue_cents", 1600, 2400, what)})
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_projection_that_stopped_goes_on_when_it_may_pass(sandbox: Sandbox) -> None:
    act(sandbox, "poison", TWO_MUGS)
    act(sandbox, "run", ends="stopped")
    act(sandbox, "mode all poison=park", "run")
    assert {at.position for at in sandbox.stores.checkpoints().values()} == {7}
    act(sandbox, TWO_MUGS, "crash sales before_begin")
    act(sandbox, "run", ends="crashed")
    act(sandbox, "mode sales poison=skip")
    assert checkpoint(sandbox, "sales")[1] == "stopped"


def test_later_events_of_a_parked_stream_wait_in_order_and_others_go_on(sandbox: Sandbox) -> None:
    act(sandbox, "mode order_list poison=park", "poison order=old1", "cmd cancel_order order=old1", TWO_MUGS)
    act(sandbox, "run order_list")
    assert parked(sandbox, "order_list") == [(6, 0), (7, 0)]
    assert statuses(sandbox) == {"o-2": "placed"}
    assert befell(sandbox, "order_list") == [("parked", 6, 6), ("held", 7, 7)]


@pytest.mark.parametrize("dedupe", ["position", "on"])
def test_a_retry_fails_again_with_the_same_statements_and_works_with_others(sandbox: Sandbox, dedupe: str) -> None:
    act(sandbox, f"mode order_list poison=park dedupe={dedupe}", "poison order=old1", "cmd cancel_order order=old1")
    act(sandbox, "run order_list")
    failed = act(sandbox, "retry order_list")
    assert str(failed.reason).startswith("0 of 2 parked events applied; event 6: NOT NULL constraint failed")
    assert parked(sandbox, "order_list") == [(6, 0), (7, 0)]
    act(sandbox, "handler order_list v=2")
    assert act(sandbox, "retry order_list").reason == "2 of 2 parked events applied"
    assert parked(sandbox, "order_list") == [(6, 1), (7, 1)]
    assert statuses(sandbox) == {"old1": "cancelled"}
    assert drifted(sandbox, "order_list") == []
    assert sandbox.act("retry order_list").reason == "order_list has no parked event"
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_after_a_retry_the_stream_is_free_again(sandbox: Sandbox) -> None:
    act(sandbox, "mode order_list poison=park", "poison order=old1", "run order_list", "handler order_list v=2")
    act(sandbox, "retry order_list", "cmd cancel_order order=old1", "run order_list")
    assert statuses(sandbox) == {"old1": "cancelled"}
    assert parked(sandbox, "order_list") == [(6, 1)]


def test_one_stream_can_be_retried_by_itself(sandbox: Sandbox) -> None:
    act(sandbox, "mode order_list poison=park", "poison order=a", "poison order=b", "cmd ship_order order=a")
    act(sandbox, "run order_list", "handler order_list v=2", "retry order_list 6")
    assert parked(sandbox, "order_list") == [(6, 1), (7, 0), (8, 1)]
    assert statuses(sandbox) == {"a": "shipped"}


def test_a_parked_event_that_is_delivered_again_stays_parked_for_its_own_reason(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales poison=park dedupe=off", "poison", "run sales")
    reasons = "SELECT reason FROM _parked"
    before = sandbox.read.connection.execute(reasons).fetchall()
    act(sandbox, "handler sales v=2", "redeliver sales 6")
    assert sandbox.read.connection.execute(reasons).fetchall() == before
    act(sandbox, "retry sales")
    assert units(sandbox, "mug") == 1


def test_a_rebuild_resolves_what_was_parked_and_keeps_it_on_record(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales poison=park", "poison", TWO_MUGS, "run sales", "handler sales v=2", "model rebuild sales")
    assert parked(sandbox, "sales") == [(6, 1)]
    act(sandbox, "run sales")
    assert parked(sandbox, "sales") == [(6, 1)]
    assert (units(sandbox, "mug"), drifted(sandbox, "sales")) == (3, [])


def test_a_rebuild_with_the_old_statements_parks_it_again(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales poison=park", "poison", "run sales", "model rebuild sales", "run sales")
    assert parked(sandbox, "sales") == [(6, 0)]


# Versions


def test_a_version_applies_what_comes_and_leaves_what_is_there(sandbox: Sandbox) -> None:
    act(sandbox, "mode all poison=skip", "poison", "run sales", "handler sales v=2", "run")
    assert units(sandbox, "mug") is None
    act(sandbox, "poison", "run sales")
    assert units(sandbox, "mug") == 1
    act(sandbox, "model rebuild sales", "run sales")
    assert (units(sandbox, "mug"), drifted(sandbox, "sales")) == (2, [])
    act(sandbox, "handler sales v=1", "mode sales poison=halt", "poison")
    act(sandbox, "run sales", ends="stopped")


def test_only_versions_that_exist_can_be_deployed(sandbox: Sandbox) -> None:
    assert sandbox.act("handler sales v=3").reason == "sales has version 1 and version 2"
    assert sandbox.act("handler customer_card v=2").reason == "customer_card has version 1"
    assert sandbox.act("handler nothing v=1").outcome == "failed"


@pytest.mark.parametrize("model", ["order_list", "product_card", "sales"])
def test_a_second_version_is_as_true_as_the_first(sandbox: Sandbox, model: str) -> None:
    act(sandbox, f"handler {model} v=2", "cmd place_order customer=c1 lines=lamp:1,mug:2 order=x", TWO_MUGS)
    act(sandbox, "cmd cancel_order order=x", "cmd ship_order order=o-2", "bulk 3", "run")
    assert differing(sandbox) == []


def test_orders_that_cannot_be_are_not_recorded_as_old_ones_either(sandbox: Sandbox) -> None:
    act(sandbox, "poison product=rug")
    for line in ("poison product=rug", "poison customer=nobody", "poison order=old-1"):
        before = sandbox.stores.fingerprint()
        assert sandbox.act(line).outcome == "failed"
        assert sandbox.stores.fingerprint() == before
