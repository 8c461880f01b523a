"""What is full or locked is an answer in words, and nothing is half done."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lab import limits
from lab.carry_out import FULL, Busy, Unsure
from lab.sandbox import Sandbox
from tests.lab.filling import fill, fill_disks, untrue
from tests.lab.sandboxes import fresh, hold, let_run, replayed


def impatient(sandbox: Sandbox) -> None:
    """Wait for a lock no longer than a moment."""
    stores = sandbox.stores
    for connection in (stores.write.connection, stores.read.connection, stores.journal.connection):
        connection.execute("PRAGMA busy_timeout = 1")


def somebody_else(sandbox: Sandbox, store: str) -> sqlite3.Connection:
    """Another program that has begun to write to a store."""
    other = sqlite3.connect(sandbox.stores.folder / f"{store}.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def pages_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA page_count").fetchone()[0])


def test_a_locked_write_store_is_busy_leaves_no_event_and_the_journal_says_so(sandbox: Sandbox) -> None:
    impatient(sandbox)
    other = somebody_else(sandbox, "write")
    with pytest.raises(Busy, match="another program holds the lock of a store; try again in a moment"):
        sandbox.act("cmd restock product=lamp qty=1 id=k1")
    other.execute("ROLLBACK")
    assert sandbox.state()["head"] == 5
    last = sandbox.lab.entries()[-1]
    assert (last.outcome, last.reason) == ("failed", "another program holds the lock of a store; try again in a moment")
    assert sandbox.act("cmd restock product=lamp qty=1 id=k1").position == 6
    assert replayed(sandbox) == sandbox.stores.fingerprint()


@pytest.mark.parametrize("line", ["run", "pause sales", "model rebuild sales", "model drop sales"])
def test_a_locked_read_store_is_busy_and_lets_the_next_try_through(sandbox: Sandbox, line: str) -> None:
    impatient(sandbox)
    sandbox.act("bulk 2")
    before = sandbox.stores.fingerprint()
    other = somebody_else(sandbox, "read")
    with pytest.raises(Busy):
        sandbox.act(line)
    assert sandbox.act("query sales").outcome == "done"
    other.execute("ROLLBACK")
    assert sandbox.stores.fingerprint() == before
    assert sandbox.act(line).outcome == "done"


def test_a_locked_journal_is_busy_and_nothing_acts(sandbox: Sandbox) -> None:
    impatient(sandbox)
    other = somebody_else(sandbox, "lab")
    with pytest.raises(Busy):
        sandbox.act("cmd restock product=lamp qty=1")
    other.execute("ROLLBACK")
    assert (sandbox.state()["head"], sandbox.lab.next_number()) == (5, 1)


def test_a_projector_that_finds_the_store_locked_tries_again(live: Sandbox) -> None:
    impatient(live)
    clock = hold(live)
    live.act("bulk 2")
    other = somebody_else(live, "read")
    clock.move(2)
    with pytest.raises(Busy):
        live.advance()
    other.execute("ROLLBACK")
    let_run(live, clock)
    assert {p["behind"] for p in live.state()["projections"].values()} == {0}


def test_a_sandbox_holds_so_many_events_and_then_says_so(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_EVENTS", 20)
    full = "a sandbox holds 20 events, and this one is full; undo or reset makes room"
    answer = sandbox.act("bulk 15")
    assert (answer.outcome, answer.reason) == ("failed", full)
    assert sandbox.act("bulk 14").position == 20
    for line in ("cmd restock product=lamp qty=1", "cmd ship_order order=o-2-1"):
        answer = sandbox.act(line)
        assert (answer.outcome, answer.reason) == ("failed", full)
    assert sandbox.act("cmd restock product=lamp qty=1 id=shop-1").repeated
    assert sandbox.act("run").outcome == "done"
    assert replayed(sandbox) == sandbox.stores.fingerprint()
    sandbox.act("undo")
    sandbox.act("undo")
    sandbox.act("undo")
    sandbox.act("undo")
    sandbox.act("undo")
    assert sandbox.act("cmd restock product=lamp qty=1").outcome == "accepted"


def test_traffic_stops_before_the_sandbox_is_full(live: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRAFFIC_STOPS_AT_EVENTS", 30)
    clock = hold(live)
    live.act("traffic 50")
    let_run(live, clock)
    assert live.state()["head"] == 30
    assert live.state()["traffic"] == 0
    answer = live.act("traffic 5")
    assert (answer.outcome, str(answer.reason)[:32]) == ("failed", "traffic stops at 30 events, so t")


def test_a_full_write_store_answers_in_words_and_keeps_what_it_has(sandbox: Sandbox) -> None:
    connection = sandbox.write.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection) + 2}")
    answers = [sandbox.act("cmd restock product=lamp qty=1") for _ in range(60)]
    accepted = [answer for answer in answers if answer.outcome == "accepted"]
    failed = [answer for answer in answers if answer.outcome == "failed"]
    assert accepted
    assert {answer.reason for answer in failed} == {FULL}
    assert sandbox.state()["head"] == 5 + len(accepted)
    assert sandbox.act("run").outcome == "done"
    assert replayed(sandbox) == sandbox.stores.fingerprint()
    sandbox.act("undo")
    assert sandbox.act("cmd restock product=lamp qty=1").outcome == "accepted"


def test_a_bulk_that_the_full_store_cut_short_keeps_what_was_accepted_through_an_undo(sandbox: Sandbox) -> None:
    connection = sandbox.write.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection) + 12}")
    answer = sandbox.act("bulk 300")
    orders = sandbox.state()["rows"]["write"]["orders"]
    assert answer.outcome == "done"
    assert answer.reason == f"stopped after {orders + 1} of 301 commands: the write store is full or locked"
    sandbox.act("query order_list")
    sandbox.act("undo")
    kept = {row[0] for row in sandbox.write.connection.execute("SELECT id FROM orders")}
    assert kept >= {f"o-1-{number + 1}" for number in range(orders)}


def test_a_full_read_store_stops_its_projections_with_the_reason(
    live: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = hold(live)
    live.act("set delay=0")
    monkeypatch.setattr(limits, "MAX_READ_BYTES", pages_of(live.read.connection) * limits.PAGE_BYTES)
    for _ in range(5):
        live.act("bulk 50")
        let_run(live, clock, steps=200)
    order_list = live.state()["projections"]["order_list"]
    assert (order_list["status"], order_list["reason"]) == ("stopped", FULL)
    assert live.due() is None
    assert live.state()["head"] == 5 + 5 * 51
    assert live.act("run order_list").reason == FULL
    monkeypatch.setattr(limits, "MAX_READ_BYTES", 100 * limits.MEGABYTE)
    assert live.act("run order_list").outcome == "done"
    assert live.state()["projections"]["order_list"] == {
        **order_list,
        "position": 260,
        "behind": 0,
        "age": 0.0,
        "status": "running",
        "reason": None,
    }


def test_a_full_journal_forgets_what_was_measured_before_it_takes_no_more_lines(sandbox: Sandbox) -> None:
    connection = sandbox.lab.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection) + 60}")
    sandbox.act("bulk 50")
    sandbox.act("run")
    for _ in range(60):
        assert sandbox.act("query order_list").outcome == "done"
    kept = connection.execute("SELECT count(*), max(n) FROM queries").fetchone()
    assert kept[0] < 60
    assert kept[1] == sandbox.lab.next_number() - 1
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_journal_without_room_for_a_line_answers_in_words_and_moves_nothing(live: Sandbox) -> None:
    clock = hold(live)
    live.act("set delay=0")
    connection = live.lab.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection) + 1}")
    answer = live.act("cmd restock product=lamp qty=1")
    assert (answer.outcome, answer.reason, answer.n) == ("failed", FULL, None)
    assert live.state()["head"] == 5
    let_run(live, clock)
    assert live.due() is None
    assert live.act("undo").outcome == "done"
    assert live.act("cmd restock product=lamp qty=1").outcome == "accepted"


def test_a_page_too_big_for_the_journal_is_still_an_answer(sandbox: Sandbox) -> None:
    for number in range(60):
        sandbox.act(f'cmd add_product product=p{number} name="{chr(0x1F40B) * 200}" price=1 stock=9')
    lines = ",".join(f"p{number}:1" for number in range(60))
    for _ in range(9):
        assert sandbox.act(f"cmd place_order customer=c1 lines={lines}").outcome == "accepted"
    sandbox.act("run")
    connection = sandbox.lab.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection) + 40}")
    answer = sandbox.act("query order_list")
    assert (answer.outcome, len(answer.query["result"] if answer.query else [])) == ("done", 9)
    assert sandbox.act("query order_list").n == sandbox.lab.next_number() - 1


def test_a_locked_store_does_not_keep_a_sandbox_from_being_opened_later(sandbox: Sandbox, tmp_path: Path) -> None:
    impatient(sandbox)
    other = somebody_else(sandbox, "write")
    with pytest.raises(Busy):
        sandbox.act("bulk 2")
    sandbox.close()
    other.execute("ROLLBACK")
    again = Sandbox(sandbox.root)
    assert [entry.outcome for entry in again.lab.entries()][-1] == "failed"
    again.close()


class Holder:
    """Another program that takes the write lock of lab.db in the moment when a command is decided."""

    def __init__(self, sandbox: Sandbox) -> None:
        impatient(sandbox)
        self._lab = sqlite3.connect(sandbox.stores.folder / "lab.db", isolation_level=None)
        self._watched = sandbox.write.connection
        self._watched.set_trace_callback(self._look)

    def _look(self, sql: str) -> None:
        if sql.startswith("BEGIN") and not self._lab.in_transaction:
            self._lab.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._watched.set_trace_callback(None)
        self._lab.close()


def test_what_was_accepted_is_told_so_even_if_the_journal_cannot_take_the_outcome_just_then(sandbox: Sandbox) -> None:
    holder = Holder(sandbox)
    answer = sandbox.act("cmd restock product=lamp qty=1 id=k1")
    assert (answer.outcome, answer.position) == ("accepted", 6)
    with pytest.raises(Busy):
        sandbox.act("cmd restock product=lamp qty=1 id=k2")
    with pytest.raises(Busy):
        sandbox.act("undo")
    holder.let_go()
    seen: list[str] = []

    def look(sql: str) -> None:
        if sql.startswith("BEGIN"):
            with closing(sqlite3.connect(sandbox.stores.folder / "lab.db")) as lab:
                seen.append(lab.execute("SELECT outcome FROM journal WHERE n = 1").fetchone()[0])

    sandbox.write.connection.set_trace_callback(look)
    assert sandbox.act("cmd restock product=lamp qty=1 id=k3").position == 7
    assert seen == ["accepted"]
    assert [entry.outcome for entry in sandbox.lab.entries() if entry.n > 0] == ["accepted", "accepted"]
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_what_failed_and_could_not_be_written_down_is_not_done_behind_the_back(sandbox: Sandbox) -> None:
    connection = sandbox.write.connection
    connection.execute(f"PRAGMA max_page_count = {pages_of(connection)}")
    while sandbox.act("cmd restock product=lamp qty=1").reason != FULL:
        pass
    head, holder = sandbox.write.head(), Holder(sandbox)
    with pytest.raises(Unsure):
        sandbox.act("cmd restock product=lamp qty=1")
    holder.let_go()
    root = sandbox.root
    sandbox.close()
    with closing(Sandbox(root)) as again:
        assert [entry.outcome for entry in again.lab.entries()][-1] == "failed"
        assert again.write.head() == head


RLIMIT_BYTES = (8_000, 33_000, 50_000, 60_000, 75_000, 90_000, 120_000, 160_000, 250_000, 350_000, 500_000, 900_000)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs RLIMIT_FSIZE")
def test_on_disks_that_get_full_at_twelve_sizes_nothing_is_lost_and_nothing_is_there_that_was_not_told(
    tmp_path: Path,
) -> None:
    told_of = []
    for root, told in fill_disks(tmp_path, RLIMIT_BYTES):
        assert list(untrue(root, told)) == []
        told_of.append(sum(outcome == "accepted" for outcome, _ in told.values()))
    assert told_of == sorted(told_of)
    assert told_of[0] == 0 < told_of[-1]


@pytest.mark.parametrize("pages", range(12))
def test_in_files_that_may_grow_by_so_many_pages_nothing_is_lost_and_they_go_on_when_they_may_grow(pages: int) -> None:
    with fresh() as sandbox:
        connections = (sandbox.write.connection, sandbox.read.connection, sandbox.lab.connection)
        before = [pages_of(connection) for connection in connections]
        for connection, used in zip(connections, before, strict=True):
            connection.execute(f"PRAGMA max_page_count = {used + pages}")
        told = fill(sandbox)
        for connection in connections:
            connection.execute("PRAGMA max_page_count = 10000")
        assert sandbox.act("cmd restock product=lamp qty=1").outcome == "accepted"
        sandbox.close()
        assert list(untrue(sandbox.root, told)) == []
