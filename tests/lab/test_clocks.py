"""Time: manual for lessons, real for free play; neither ever runs backwards, and nothing is measured as negative."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from lab import folding, limits
from lab.clock import from_iso, iso
from lab.sandbox import Sandbox
from lab.shelf import FREE_PLAY, Shelf
from tests.lab.sandboxes import HeldClock, hold

DAY = 24 * 3600
YEARS = 3650 * DAY


def at_wall_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + int(seconds * 1_000_000_000))


@pytest.mark.parametrize("jump", [-DAY, -YEARS, YEARS, 0])
def test_whatever_the_machines_clock_does_nothing_runs_backwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    with closing(Sandbox.create(tmp_path / "s")) as sandbox:
        sandbox.act("cmd restock product=lamp qty=1")
        sandbox.act("pause")
    at_wall_time(monkeypatch, jump)
    with closing(Sandbox(tmp_path / "s")) as sandbox:
        sandbox.act("cmd restock product=lamp qty=1")
        sandbox.act("run sales")
        readings = [(entry.at, entry.answered_at) for entry in sandbox.lab.entries() if entry.n > 0]
        assert readings == sorted(readings)
        assert all(at <= str(answered) for at, answered in readings)
        recorded = sandbox.write.connection.execute("SELECT recorded_at FROM events ORDER BY position").fetchall()
        assert recorded == sorted(recorded)
        assert all(p["age"] >= 0 and p["behind"] >= 0 for p in sandbox.state()["projections"].values())
        measured = sandbox.lab.connection.execute(
            "SELECT min(committed_at - received_at) FROM trace UNION SELECT min(applied_at - picked_up_at) FROM applied"
        )
        assert all(value >= 0 for (value,) in measured)


@pytest.mark.parametrize("jump", [-DAY, YEARS])
def test_a_jump_of_the_machines_clock_while_a_sandbox_is_open_moves_nothing(
    live: Sandbox, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    live.act("pause")
    live.act("cmd restock product=lamp qty=1")
    at_wall_time(monkeypatch, jump)
    live.act("cmd restock product=lamp qty=1")
    lags = live.state()["projections"].values()
    assert all(p["behind"] == 2 and 0 <= p["age"] < DAY / 2 for p in lags)
    live.act("resume")
    live.act("run")
    assert all(p["behind"] == 0 and p["age"] == 0 for p in live.state()["projections"].values())
    recorded = live.write.connection.execute("SELECT recorded_at FROM events ORDER BY position").fetchall()
    assert recorded == sorted(recorded)
    readings = [reading for entry in live.lab.entries() for reading in (entry.at, entry.answered_at)]
    assert readings == sorted(readings, key=str)


@pytest.mark.parametrize("jump", [-DAY, YEARS])
def test_a_jump_of_the_machines_clock_makes_no_sandbox_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    with closing(Shelf(tmp_path)) as shelf:
        sandbox_id = shelf.create(FREE_PLAY, "10.0.0.1")
        at_wall_time(monkeypatch, jump)
        monkeypatch.setattr(time, "time", lambda: time.time_ns() / 1_000_000_000)
        assert shelf.sweep() > 0
        assert not folding.is_folded(tmp_path / "sandboxes" / sandbox_id)
        assert 0 <= shelf.unseen(sandbox_id) < DAY / 2


def test_a_clock_that_jumps_back_under_an_open_sandbox_makes_no_age_negative(live: Sandbox) -> None:
    clock = hold(live)
    live.act("cmd restock product=lamp qty=1")
    clock.move(-DAY)
    assert {p["age"] for p in live.state()["projections"].values()} == {0.0}


def test_age_counts_from_the_oldest_event_that_waits(live: Sandbox) -> None:
    clock = hold(live)
    live.act("pause")
    live.act("cmd restock product=lamp qty=1")
    clock.move(2.5)
    live.act("cmd restock product=lamp qty=1")
    clock.move(1)
    sales = live.state()["projections"]["sales"]
    assert (sales["behind"], sales["age"]) == (2, 3.5)
    live.act("step sales")
    assert live.state()["projections"]["sales"]["age"] == 1.0


def test_on_a_manual_clock_time_stands_still_between_actions(sandbox: Sandbox) -> None:
    assert sandbox.due() is None
    assert not sandbox.advance()
    first, second = (sandbox.act("cmd restock product=lamp qty=1") for _ in range(2))
    recorded = [at for (at,) in sandbox.write.connection.execute("SELECT recorded_at FROM events WHERE position > 5")]
    assert from_iso(recorded[1]) - from_iso(recorded[0]) == 1000
    assert first.outcome == second.outcome == "accepted"


def test_the_day_of_an_order_is_the_day_of_its_clock(sandbox: Sandbox) -> None:
    sandbox.act("cmd place_order customer=c1 product=mug qty=1")
    sandbox.act(f"wait {DAY * 1000}")
    sandbox.act("cmd place_order customer=c1 product=mug qty=1")
    sandbox.act("run")
    answer = sandbox.act("query sales mug")
    assert answer.query is not None
    assert [row["day"] for row in answer.query["result"]] == ["2026-03-02", "2026-03-03"]


@pytest.mark.parametrize("text", ["2026-03-02T09:00:00.000001Z", "1970-01-01T00:00:00.000000Z"])
def test_a_reading_written_down_is_read_back(text: str) -> None:
    assert iso(from_iso(text)) == text


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        from_iso("2026-03-02T09:00:00")


# Waiting on a real clock: somebody else moves the projector meanwhile


def beside(sandbox: Sandbox, line: str) -> tuple[threading.Thread, list[object]]:
    """Do a line in a thread; return once it waits for the projector."""
    answers: list[object] = []
    waiting = threading.Event()
    wait = sandbox.progressed.wait

    def wait_and_tell(timeout: float | None = None) -> bool:
        waiting.set()
        return wait(timeout)

    sandbox.progressed.wait = wait_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=lambda: answers.append(sandbox.act(line)))
    thread.start()
    assert waiting.wait(60)
    return thread, answers


def advance(sandbox: Sandbox, clock: HeldClock) -> None:
    clock.move(sandbox.due() or 0)
    assert sandbox.advance()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query waits until it has what it waits for, however long others take to move the projector."""
    monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", threading.TIMEOUT_MAX / 2)


@pytest.mark.usefixtures("patient")
def test_a_query_on_the_real_clock_waits_for_the_head_and_no_longer(live: Sandbox) -> None:
    clock = hold(live)
    live.act("set batch=3")
    live.act("bulk 5")
    thread, answers = beside(live, "query sales via=wait")
    advance(live, clock)
    assert not answers
    advance(live, clock)
    thread.join(60)
    (answer,) = answers
    assert (answer.outcome, answer.query["as_of"], answer.query["waited"]) == ("done", 11, 6)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("patient")
def test_a_query_with_the_receipt_stops_waiting_at_the_receipt(live: Sandbox) -> None:
    clock = hold(live)
    live.act("set batch=1")
    live.act("cmd place_order customer=c1 product=lamp qty=1")
    live.act("bulk 5")
    thread, answers = beside(live, "query sales via=token")
    advance(live, clock)
    thread.join(60)
    (answer,) = answers
    assert (answer.query["as_of"], answer.query["head"], answer.query["waited"]) == (6, 12, 1)  # type: ignore[attr-defined]


def test_a_query_that_waits_in_vain_says_how_far_it_got(live: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", 0.02)
    hold(live)
    live.act("pause sales")
    live.act("cmd restock product=lamp qty=1")
    for via, what in (("wait", "the head"), ("token", "your receipt")):
        answer = live.act(f"query sales via={via}")
        assert (answer.outcome, answer.query) == ("failed", None)
        assert answer.reason == f"gave up after 0.02 s: sales stands at #5, {what} is #6"


@pytest.mark.usefixtures("patient")
def test_a_query_that_waits_survives_an_undo_meanwhile(live: Sandbox) -> None:
    hold(live)
    live.act("pause sales")
    live.act("cmd restock product=lamp qty=1")
    thread, answers = beside(live, "query sales via=wait")
    assert live.act("undo").outcome == "done"
    thread.join(60)
    (answer,) = answers
    assert (answer.outcome, answer.query["as_of"]) == ("done", 5)  # type: ignore[attr-defined]
