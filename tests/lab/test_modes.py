"""The guards of a projection: what each one keeps when the projector dies, and what is lost without it."""

from collections.abc import Iterator

import pytest

from cqrs.read.projector import POINTS
from lab.sandbox import Sandbox
from tests.lab.breaking import act, befell, checkpoint, differing, drifted, parked, units
from tests.lab.sandboxes import fresh, replayed

TWO_MUGS = "cmd place_order customer=c1 product=mug qty=2"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with fresh() as sandbox:
        yield sandbox


KEPT = {
    "on": dict.fromkeys(POINTS, (None, 5)) | {"after_commit": (2, 6)},
    "off": dict.fromkeys(POINTS, (None, 5)) | {"before_checkpoint": (2, 5), "after_commit": (2, 6)},
}
"""By atomic=: the units of the one event and the checkpoint, as the dead projector leaves them."""


@pytest.mark.parametrize("dedupe", ["position", "on", "off"])
@pytest.mark.parametrize("atomic", ["on", "off"])
@pytest.mark.parametrize("point", POINTS)
def test_what_a_crash_keeps_and_what_the_next_run_makes_of_it(
    sandbox: Sandbox, point: str, atomic: str, dedupe: str
) -> None:
    act(sandbox, f"mode sales atomic={atomic} dedupe={dedupe}", TWO_MUGS, f"crash sales {point}")
    died = act(sandbox, "run sales", ends="crashed")
    rows, position = KEPT[atomic][point]
    said = {None: "nothing kept", 2: "rows kept, checkpoint lost"}[rows] if position == 5 else "rows and checkpoint"
    assert str(died.reason).startswith(f"sales crashed at {point}: {said}")
    assert units(sandbox, "mug") == rows
    assert checkpoint(sandbox, "sales")[:2] == (position, "stopped")
    act(sandbox, "run sales")
    # Only rows that committed without their checkpoint come twice; remembered ids keep them from it.
    doubled = (rows, position) == (2, 5) and dedupe != "on"
    assert units(sandbox, "mug") == (4 if doubled else 2)
    assert checkpoint(sandbox, "sales") == (6, "running", None)
    wrong = drifted(sandbox, "sales")
    assert {(column, cause, what) for _, column, _, _, cause, what in wrong} == (
        {("units", 6, "crashed"), ("revenue_cents", 6, "crashed")} if doubled else set()
    )
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_crash_happens_once_and_to_the_read_model_that_it_was_armed_for(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS, "crash sales before_commit", "step product_card")
    assert "sales crashed" in str(act(sandbox, "run", ends="crashed").reason)
    assert {name: at.position for name, at in sandbox.stores.checkpoints().items()} == {
        "customer_card": 6,
        "order_list": 6,
        "product_card": 6,
        "product_search": 6,
        "sales": 5,
    }
    act(sandbox, "run sales")
    assert differing(sandbox) == []


def test_a_crash_waits_for_its_moment_and_can_be_taken_back(sandbox: Sandbox) -> None:
    act(sandbox, "crash sales after_event", "run sales", "crash sales off", TWO_MUGS, "run sales")
    assert units(sandbox, "mug") == 2


def test_after_apply_is_the_moment_between_the_rows_and_the_checkpoint(sandbox: Sandbox) -> None:
    answer = act(sandbox, "crash sales after_apply")
    assert answer.line == "crash sales before_checkpoint"
    assert str(answer.reason).startswith("injected: ")


def test_a_dead_projector_is_not_started_by_a_run_of_all(sandbox: Sandbox) -> None:
    act(sandbox, TWO_MUGS, "crash sales after_event")
    act(sandbox, "run", ends="crashed")
    answer = act(sandbox, "run")
    assert answer.reason == "nothing ran: sales is stopped, and this line starts it again: run sales"
    assert checkpoint(sandbox, "sales")[1] == "stopped"
    act(sandbox, "resume sales", "run")
    assert checkpoint(sandbox, "sales") == (6, "running", None)


def test_a_crash_in_the_middle_of_a_batch_loses_or_doubles_the_whole_batch(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales atomic=off dedupe=off", TWO_MUGS, TWO_MUGS, "crash sales before_checkpoint")
    act(sandbox, "run sales", ends="crashed")
    act(sandbox, "run sales")
    assert units(sandbox, "mug") == 8
    act(sandbox, TWO_MUGS, TWO_MUGS, "crash sales after_event")
    act(sandbox, "run sales", ends="crashed")
    act(sandbox, "run sales")
    assert units(sandbox, "mug") == 12


def test_a_unique_key_turns_the_second_time_into_a_poison_event(sandbox: Sandbox) -> None:
    act(sandbox, "mode order_list atomic=off dedupe=off", TWO_MUGS, "crash order_list before_checkpoint")
    act(sandbox, "run order_list", ends="crashed")
    assert "UNIQUE constraint failed: order_list.order_id" in str(act(sandbox, "run order_list", ends="stopped").reason)
    act(sandbox, "mode order_list dedupe=on atomic=on", "model rebuild order_list", "run order_list")
    assert differing(sandbox) == ["customer_card", "product_card", "sales"]


def test_a_mode_is_chosen_in_parts_and_for_all_at_once(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", "mode sales atomic=off", "mode all poison=dlq")
    guards = sandbox.stores.settings.guards("sales")
    assert (guards.dedupe, guards.atomic, guards.poison) == ("off", False, "park")
    assert sandbox.stores.settings.guards("order_list").poison == "park"
    assert act(sandbox, "mode sales dedupe=position atomic=on poison=halt").reason == (
        "sales: rows and checkpoint together, position check, halts at poison"
    )


def test_a_mode_may_be_chosen_before_its_read_model_is_there(sandbox: Sandbox) -> None:
    act(sandbox, "model drop sales", "mode sales dedupe=off atomic=off", "model add sales", "run sales")
    assert sandbox.act("mode nothing dedupe=off").outcome == "failed"


def test_remembered_ids_are_of_those_events_that_were_applied(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=on", "model rebuild sales", TWO_MUGS, "run sales")
    seen = sandbox.read.connection.execute("SELECT event_id FROM _seen WHERE projection = 'sales'").fetchall()
    log = sandbox.write.connection.execute("SELECT event_id FROM events").fetchall()
    assert sorted(seen) == sorted(log)
    act(sandbox, "model rebuild sales")
    assert sandbox.read.connection.execute("SELECT count(*) FROM _seen").fetchone() == (0,)


def test_what_was_known_before_a_crash_and_left_out_is_said_after_it(sandbox: Sandbox) -> None:
    """The rows and the checkpoint are kept at after_commit, and so is what befell the events before."""
    act(sandbox, "poison order=old1", "mode sales poison=skip", "crash sales after_commit")
    act(sandbox, "run sales", ends="crashed")
    assert befell(sandbox, "sales") == [("skipped", 6, 6), ("crashed", 6, 6)]
    assert drifted(sandbox, "sales")[0][4:] == (6, "skipped")


def test_a_crash_that_lost_everything_says_nothing_of_what_was_undone(sandbox: Sandbox) -> None:
    act(sandbox, "poison order=old1", "mode sales poison=park", "crash sales before_commit")
    act(sandbox, "run sales", ends="crashed")
    assert befell(sandbox, "sales") == [("crashed", 6, 6)]
    assert parked(sandbox, "sales") == []
    act(sandbox, "run sales")
    assert parked(sandbox, "sales") == [(6, 0)]


def test_a_crash_after_the_commit_is_not_blamed_for_a_later_double(sandbox: Sandbox) -> None:
    act(sandbox, "mode sales dedupe=off", TWO_MUGS, "crash sales after_commit")
    act(sandbox, "run sales", ends="crashed")
    act(sandbox, "redeliver sales 6")
    assert {what for *_, what in drifted(sandbox, "sales")} == {"again"}


def test_an_error_that_nobody_expected_stops_the_projection_with_its_reason(sandbox: Sandbox) -> None:
    def broken(point: str) -> None:
        if point == "after_event":
            raise KeyError("colour")

    act(sandbox, TWO_MUGS)
    usual = sandbox.stores.points
    sandbox.stores.points = lambda name: broken
    answer = act(sandbox, "run sales", ends="stopped")
    assert str(answer.reason) == (
        "sales stopped at an unexpected error at after_event, KeyError: 'colour'; nothing kept"
    )
    assert checkpoint(sandbox, "sales")[:2] == (5, "stopped")
    assert sandbox.lab.entries(unfinished=True) == []
    sandbox.stores.points = usual
    act(sandbox, "run sales")
    assert checkpoint(sandbox, "sales") == (6, "running", None)
    assert units(sandbox, "mug") == 2


@pytest.mark.parametrize(
    "lines",
    [
        ("mode all dedupe=off atomic=off", TWO_MUGS, "crash all before_checkpoint", "step all", "run sales"),
        (TWO_MUGS, "crash sales after_commit", "step sales", "resume sales"),
        ("poison", "mode all poison=park", "run", "handler sales v=2", "retry sales", "redeliver sales 6"),
    ],
)
def test_undo_takes_every_break_and_every_mend_back(sandbox: Sandbox, lines: tuple[str, ...]) -> None:
    pictures = [picture(sandbox)]
    for line in lines:
        sandbox.act(line)
        pictures.append(picture(sandbox))
    for before in reversed(pictures[:-1]):
        act(sandbox, "undo")
        assert picture(sandbox) == before


def picture(sandbox: Sandbox) -> tuple[object, ...]:
    return sandbox.stores.fingerprint(), checkpoint(sandbox, "sales"), sandbox.stores.settings.crashes()
