"""Rebuilding while the shop is open: beside (blue/green) nobody notices, in place everybody does and is told."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cqrs.sql import connect_read_only
from cqrs.write.handlers import handle
from lab import limits
from lab.beside import FILLS_REMEMBERED
from lab.broken import trouble
from lab.progress import beside
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from tests.cqrs.histories import PLENTY, examples, next_command
from tests.cqrs.oracle import truth
from tests.lab.sandboxes import fresh, hold, let_run, replayed

BUY = "cmd place_order customer=c1 product=mug qty=1"
MODELS = list(BUILT_IN)


def do(sandbox: Sandbox, *lines: str) -> list[Any]:
    """Do lines that the test counts on."""
    answers = [sandbox.act(line) for line in lines]
    assert all(answer.outcome in ("done", "accepted") for answer in answers), answers
    return answers


def refused(sandbox: Sandbox, line: str) -> str:
    answer = sandbox.act(line)
    assert (answer.outcome, answer.position) == ("failed", None)
    return str(answer.reason)


def rows(sandbox: Sandbox, model: str) -> list[dict[str, Any]]:
    cursor = sandbox.reader.execute(f"SELECT * FROM {model} ORDER BY 1, 2")
    return [dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor]


def green(sandbox: Sandbox, model: str = "sales") -> tuple[str, int]:
    at = sandbox.state()["beside"][model]
    return at["stage"], at["position"]


def live_at(sandbox: Sandbox, model: str = "sales") -> int:
    position: int = sandbox.state()["projections"][model]["position"]
    return position


def spoil(sandbox: Sandbox) -> None:
    """Change the live rows by hand, so that they can be told from those built from the log."""
    sandbox.read.connection.execute("UPDATE sales SET units = units + 100")


@pytest.fixture
def sold(sandbox: Sandbox) -> Sandbox:
    """A shop that has sold something, all read models caught up."""
    do(sandbox, BUY, "bulk 5", "run")
    return sandbox


# Beside


@pytest.mark.parametrize("model", MODELS)
def test_a_switch_while_commands_go_on_gives_the_rows_that_the_write_store_has(sold: Sandbox, model: str) -> None:
    do(sold, f"model rebuild {model} beside=yes", f"model fill {model} 4", BUY, "run", f"model fill {model}")
    do(sold, BUY, f"model switch {model}", BUY, f"run {model}")
    assert rows(sold, model) == truth(sold.write.connection)[model]
    assert replayed(sold) == sold.stores.fingerprint()


@settings(max_examples=examples(40), deadline=None)
@given(st.data(), st.sampled_from(MODELS))
def test_whatever_the_history_the_new_one_is_the_old_one_to_the_digit(data: st.DataObject, model: str) -> None:
    with fresh() as sandbox:
        sent = iter(range(1_000))

        def shop(most: int) -> None:
            for _ in range(data.draw(st.integers(1, most))):
                command = data.draw(next_command(sandbox))  # type: ignore[arg-type]
                handle(sandbox.write, command, command_id=f"k-{next(sent)}", now="2026-03-02T10:00:00.000000Z")

        for number, command in enumerate(PLENTY):
            handle(sandbox.write, command, command_id=f"p-{number}", now="2026-03-02T10:00:00.000000Z")
        shop(12)
        do(sandbox, "run", f"model rebuild {model} beside=yes")
        for _ in range(data.draw(st.integers(0, 3))):
            do(sandbox, f"model fill {model} {data.draw(st.integers(1, 9))}")
            shop(3)
            do(sandbox, "run")
        do(sandbox, f"model fill {model}")
        shop(2)
        before = rows(sandbox, model)
        do(sandbox, f"model switch {model}")
        assert rows(sandbox, model) == before
        do(sandbox, "run")
        assert {name: rows(sandbox, name) for name in MODELS} == truth(sandbox.write.connection)
        if data.draw(st.booleans()):
            do(sandbox, f"model switch {model}", "run")
            assert rows(sandbox, model) == truth(sandbox.write.connection)[model]


@contextmanager
def polled(sandbox: Sandbox, model: str) -> Iterator[set[Any]]:
    """What a reader on a connection of its own sees before every statement of the projector, beside or not."""
    seen: set[Any] = set()

    def look(sql: str) -> None:
        with closing(connect_read_only(sandbox.stores.folder / "read.db")) as reader:
            reader.execute("BEGIN")
            (at,) = reader.execute("SELECT position FROM _checkpoint WHERE name = ?", (model,)).fetchone()
            seen.add((at, tuple(reader.execute(f"SELECT * FROM {model} ORDER BY 1, 2"))))

    connections = (sandbox.read.connection, sandbox.stores.next.store().connection)
    try:
        for connection in connections:
            connection.set_trace_callback(look)
        yield seen
    finally:
        for connection in connections:
            connection.set_trace_callback(None)
        look("")


@pytest.mark.parametrize("model", MODELS)
def test_a_reader_never_sees_an_empty_or_a_mixed_read_model(sold: Sandbox, model: str) -> None:
    do(sold, BUY, f"model rebuild {model} beside=yes")
    if model == "sales":
        spoil(sold)
    blue = (live_at(sold, model), tuple(map(tuple, sold.reader.execute(f"SELECT * FROM {model} ORDER BY 1, 2"))))
    with polled(sold, model) as seen:
        do(sold, f"model fill {model} 3", f"model fill {model}", f"model switch {model}")
    new = (sold.write.head(), tuple(map(tuple, sold.reader.execute(f"SELECT * FROM {model} ORDER BY 1, 2"))))
    assert seen == {blue, new}
    assert blue != new


def test_before_it_has_caught_up_it_cannot_be_switched(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 7")
    assert refused(sold, "model switch sales") == ("sales beside stands at #7 and the live one at #12: fill it first")
    assert (green(sold), live_at(sold)) == (("filling", 7), 12)


def test_the_way_back_leads_to_the_very_rows_that_were_there(sold: Sandbox) -> None:
    spoil(sold)
    old, right = rows(sold, "sales"), truth(sold.write.connection)["sales"]
    do(sold, "model rebuild sales beside=yes", "model fill sales", BUY, "model switch sales")
    assert (rows(sold, "sales"), green(sold)) == (right, ("switched", 12))
    (back,) = do(sold, "model switch sales")
    assert (rows(sold, "sales"), green(sold)) == (old, ("filling", 12))
    assert back.reason == "readers read the old sales again, as of #12; the new one stands beside, at #12"
    do(sold, "model fill sales", "model switch sales")
    assert rows(sold, "sales") == truth(sold.write.connection)["sales"]


def test_the_old_one_is_kept_as_it_was(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales", "model switch sales", BUY, "run")
    assert "nothing fills it" in refused(sold, "model fill sales")
    assert (green(sold), live_at(sold)) == (("switched", 12), 13)
    do(sold, "model switch sales")
    assert live_at(sold) == 12


@pytest.mark.parametrize(
    "ends", [("model cancel sales",), ("model fill sales", "model switch sales", "model drop sales old=yes")]
)
def test_when_nothing_stands_beside_any_more_the_file_is_gone(sold: Sandbox, ends: tuple[str, ...]) -> None:
    before = sold.stores.fingerprint()
    do(sold, "model rebuild sales beside=yes", "model fill sales 3")
    assert sold.stores.fingerprint() != before
    do(sold, *ends)
    assert list(sold.stores.folder.glob("read.next.db*")) == []
    assert (sold.state()["beside"], sold.stores.fingerprint()) == ({}, before)


def test_two_read_models_stand_beside_without_disturbing_each_other(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model rebuild product_search beside=yes", "model fill sales 3")
    do(sold, "model fill product_search", "model switch product_search", "model cancel sales")
    assert sold.state()["beside"].keys() == {"product_search"}
    assert replayed(sold) == sold.stores.fingerprint()


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ((), "model fill sales", "nothing beside; this line begins it: model rebuild sales beside=yes"),
        ((), "model switch sales", "nothing beside"),
        ((), "model cancel sales", "nothing beside"),
        ((), "model drop sales old=yes", "nothing beside"),
        ((), "model rebuild all beside=yes", "one read model at a time"),
        ((), "model rebuild nothing beside=yes", "there is no read model nothing"),
        (("model rebuild sales beside=yes",), "model rebuild sales beside=yes", "model cancel sales"),
        (("model rebuild sales beside=yes",), "model drop sales old=yes", "model cancel sales"),
        (("model fill sales", "model switch sales"), "model rebuild sales beside=yes", "model drop sales old=yes"),
        (("model fill sales", "model switch sales"), "model cancel sales", "model switch sales"),
    ],
)
def test_what_makes_no_sense_now_says_what_would(sold: Sandbox, lines: tuple[str, ...], line: str, reason: str) -> None:
    if lines and lines[0] != "model rebuild sales beside=yes":
        do(sold, "model rebuild sales beside=yes")
    do(sold, *lines)
    before = sold.stores.fingerprint()
    assert reason in refused(sold, line)
    assert sold.stores.fingerprint() == before


def test_a_dropped_read_model_takes_along_what_stands_beside(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 3", "model drop sales")
    assert sold.state()["beside"] == {}
    do(sold, "model add sales", "run", "model rebuild sales beside=yes")
    assert green(sold) == ("filling", 0)


def test_a_projection_that_slept_sleeps_on_after_the_switch_and_back(sold: Sandbox) -> None:
    do(sold, "pause sales", "model rebuild sales beside=yes", "model fill sales", "model switch sales")
    assert sold.state()["projections"]["sales"]["status"] == "paused"
    do(sold, "resume sales", "model switch sales")
    assert sold.state()["projections"]["sales"]["status"] == "running"


def test_a_read_model_that_knew_only_the_end_of_the_log_knows_all_of_it_after_the_switch(sold: Sandbox) -> None:
    do(sold, "model drop sales", "model add sales from=end", "model rebuild sales beside=yes", "model fill sales")
    do(sold, "model switch sales")
    (sold.stores.folder / "read.db").unlink()
    assert rows(sold, "sales") == truth(sold.write.connection)["sales"]
    do(sold, "model switch sales")
    (sold.stores.folder / "read.db").unlink()
    assert rows(sold, "sales") == []


def test_the_new_one_knows_by_their_ids_the_events_that_it_was_filled_from(sold: Sandbox) -> None:
    do(sold, "mode sales dedupe=on", "model rebuild sales beside=yes", "model fill sales", "model switch sales")
    do(sold, "redeliver sales 6")
    assert rows(sold, "sales") == truth(sold.write.connection)["sales"]


def test_drift_goes_with_the_rows_that_have_it(sold: Sandbox) -> None:
    do(sold, "mode sales dedupe=off", "redeliver sales 6", "mode sales dedupe=position")
    assert len(trouble(sold, "sales")["drift"]) > 0
    do(sold, "model rebuild sales beside=yes", "model fill sales", "model switch sales")
    assert trouble(sold, "sales")["drift"] == []
    do(sold, "model switch sales", "model cancel sales")
    assert len(trouble(sold, "sales")["drift"]) > 0
    do(sold, "model rebuild sales", "run")
    assert trouble(sold, "sales")["drift"] == []


def test_poison_stops_it_beside_and_readers_go_on(sold: Sandbox) -> None:
    do(sold, "poison", "model rebuild sales beside=yes")
    answer = sold.act("model fill sales")
    assert (answer.outcome, answer.position) == ("stopped", 12)
    assert "sales stopped beside at event 13 OrderPlaced" in str(answer.reason)
    assert sold.state()["projections"]["sales"]["status"] == "running"
    assert replayed(sold) == sold.stores.fingerprint()


def test_undo_brings_back_what_stood_beside(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 3")
    before = sold.stores.fingerprint()
    do(sold, "model cancel sales", "undo")
    assert sold.stores.fingerprint() == before


# read.next.db may vanish


def delete(path: Path) -> None:
    path.unlink()


def overwrite(path: Path) -> None:
    path.write_bytes(b"this is not a database, whatever its name says. " * 400)


def spoil_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 20_000)


@pytest.mark.parametrize("harm", [delete, overwrite, spoil_the_middle])
@pytest.mark.parametrize("closed", [True, False])
def test_what_was_being_filled_begins_again_when_the_file_is_lost(
    sold: Sandbox, harm: Callable[[Path], None], closed: bool
) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 3")
    before = rows(sold, "sales")
    folder = sold.stores.folder
    sold.stores.next.store().connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sold.stores.next.store().connection.execute("PRAGMA cache_size = 1")
    if closed:
        sold.close()
    harm(folder / "read.next.db")
    with closing(Sandbox(sold.root)) if closed else closing(sold) as again:
        again.act("model fill sales")
        assert green(again) == ("filling", 12)
        assert json.loads(again.lab.setting("beside"))["sales"]["lost"]
        assert rows(again, "sales") == before
        do(again, "model switch sales")
        assert rows(again, "sales") == truth(again.write.connection)["sales"]


def test_when_the_old_one_is_lost_there_is_no_way_back(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales", "model switch sales")
    (sold.stores.folder / "read.next.db").unlink()
    assert "nothing beside" in refused(sold, "model switch sales")
    assert rows(sold, "sales") == truth(sold.write.connection)["sales"]


def test_when_read_db_is_lost_what_stands_beside_stays(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 3")
    (sold.stores.folder / "read.db").unlink()
    do(sold, "model fill sales", "model switch sales")
    assert rows(sold, "sales") == truth(sold.write.connection)["sales"]


def test_both_files_together_have_the_room_of_one(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales")
    connections = (sold.read.connection, sold.stores.next.store().connection)
    pages = [connection.execute("PRAGMA max_page_count").fetchone()[0] for connection in connections]
    assert sum(pages) * limits.PAGE_BYTES <= limits.MAX_READ_BYTES
    do(sold, "model cancel sales", "run")
    assert sold.read.connection.execute("PRAGMA max_page_count").fetchone()[0] > pages[0]


# On the real clock


def test_on_the_real_clock_it_fills_by_itself_while_the_shop_goes_on_and_then_follows(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "bulk 120", "run", "model rebuild sales beside=yes")
    began = clock.now()
    clock.move(live.due() or 0)
    assert live.advance()
    assert green(live) == ("filling", limits.FILL_BATCH_EVENTS)
    do(live, BUY)
    let_run(live, clock)
    assert green(live) == ("filling", live.write.head())
    assert clock.now() - began < 5_000_000
    do(live, BUY)
    let_run(live, clock)
    assert green(live) == ("filling", live.write.head())
    fills = [entry for entry in live.lab.entries() if entry.line.startswith("model fill")]
    assert [json.loads(str(entry.target)) for entry in fills][:2] == [{"sales": 50}, {"sales": 100}]
    assert {entry.origin for entry in fills} == {"projector"}
    do(live, "model switch sales")
    assert rows(live, "sales") == truth(live.write.connection)["sales"]
    assert replayed(live) == live.stores.fingerprint()


def test_with_traffic_a_switch_is_a_moment_and_the_old_one_stays_behind(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "bulk 60", "run", "model rebuild order_list beside=yes", "traffic 20")
    let_run(live, clock, steps=40)
    do(live, "traffic off")
    let_run(live, clock)
    do(live, "model switch order_list", BUY)
    let_run(live, clock)
    assert rows(live, "order_list") == truth(live.write.connection)["order_list"]
    assert green(live, "order_list")[1] == live.write.head() - 1
    assert live.due() is None


def test_poison_beside_is_not_tried_for_ever(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "run", "pause", "poison", "model rebuild sales beside=yes")
    let_run(live, clock, steps=50)
    assert live.due() is None
    assert live.state()["beside"]["sales"]["status"] == "stopped"


def test_only_the_last_fills_are_remembered(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", *["model fill sales 1"] * 11)
    fills = json.loads(sold.lab.setting("beside"))["sales"]["fills"]
    assert [position for _, position in fills] == list(range(12 - FILLS_REMEMBERED, 12))


# What a page shows of it


def test_the_pace_is_measured_over_the_last_fills_and_told_from_the_second_on(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "bulk 6", "run", "model rebuild sales beside=yes")
    paces = []
    for _ in range(3):
        clock.move(2)
        do(live, "model fill sales 2")
        paces.append([(it["rate"], it["left"]) for it in beside(live)])
    assert paces == [[(None, None)], [(1.0, 8.0)], [(1.0, 6.0)]]
    do(live, "model fill sales")
    assert [(it["rate"], it["follows"], it["not_yet"]) for it in beside(live)] == [(None, True, None)]


def test_on_a_manual_clock_no_pace_is_told(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 2", "model fill sales 2")
    assert [(it["rate"], it["left"]) for it in beside(sold)] == [(None, None)]


def test_a_script_sees_what_stands_beside(sold: Sandbox) -> None:
    do(sold, "model rebuild sales beside=yes", "model fill sales 5")
    assert sold.state()["beside"] == {"sales": {"stage": "filling", "position": 5, "status": "running", "reason": None}}


# A slow projection


def test_a_slow_projection_lets_the_others_go_ahead(live: Sandbox) -> None:
    clock = hold(live)
    (said,) = do(live, "set sales delay=3")
    assert said.reason == "sales waits 3 s before each batch, injected; the others 1 s"
    do(live, BUY)
    clock.move(1.1)
    assert live.advance()
    behind = {name: p["behind"] for name, p in live.state()["projections"].items()}
    assert behind == {**dict.fromkeys(MODELS, 0), "sales": 1}
    clock.move(1.7)
    assert not live.advance()
    clock.move(0.3)
    assert live.advance()
    assert live_at(live) == 6


def test_with_the_common_delay_it_goes_along_with_the_others_again(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "set sales delay=0", "set sales delay=1", BUY)
    clock.move(1.1)
    assert live.advance()
    assert [entry.line for entry in live.lab.entries()][-1] == "run to=6"
    assert replayed(live) == live.stores.fingerprint()


def test_a_delay_of_nothing_is_a_delay_of_its_own(live: Sandbox) -> None:
    clock = hold(live)
    do(live, "set sales delay=0", BUY)
    clock.move(0.01)
    assert live.advance()
    assert [entry.line for entry in live.lab.entries()][-1] == "run sales to=6"
    assert "there is no read model nothing" in refused(live, "set nothing delay=2")


# In place


def test_who_reads_a_read_model_that_is_being_rebuilt_in_place_is_told(sold: Sandbox) -> None:
    assert do(sold, "query order_list")[0].reason is None
    do(sold, "model rebuild order_list")
    answer = do(sold, "query order_list")[0]
    assert (answer.reason, answer.query["result"]) == ("order_list is being rebuilt: 0 of 12 events", [])
    do(sold, "step order_list 7", BUY)
    answer = do(sold, "query order_list")[0]
    assert answer.reason == "order_list is being rebuilt: 7 of 12 events"
    assert 0 < len(answer.query["result"]) < 6
    assert do(sold, "query order_list via=write")[0].reason is None
    do(sold, "run order_list to=12")
    assert do(sold, "query order_list")[0].reason is None


def test_a_read_model_that_was_dropped_and_added_is_not_being_rebuilt(sold: Sandbox) -> None:
    do(sold, "model rebuild sales", "model drop sales", "model add sales")
    assert do(sold, "query sales")[0].reason is None
