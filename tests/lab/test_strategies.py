"""The reading strategies: what each comes to, against an oracle that knows only the moments of the script."""

import json
import tempfile
from collections import Counter

import pytest

from lab import strategies
from lab.carry_out import finish_again
from lab.strategies_script import RARE, write_script
from tests.lab.sandboxes import fresh, replayed

OPENED, STOCKED = 5, 2
DELAY, BATCH, SLEEP = 1000, 10, 500


def rows(line):
    with fresh() as sandbox:
        answer = sandbox.act(line)
    assert answer.outcome == "done", answer.reason
    return {row["strategy"]: row for row in answer.result}


@pytest.fixture(scope="module")
def usual():
    return rows("strategies")


class Oracle:
    """When each event is seen, counted out from the moments alone: no store, no projector."""

    def __init__(self, seed, shoppers):
        script = write_script(seed, shoppers)
        rugs = [shopper.number for shopper in script.shoppers if shopper.product == RARE]
        self.refused = set(rugs[1:])
        self.shoppers = script.shoppers
        bought = [(s.buys_at, 0, s.number) for s in script.shoppers if s.number not in self.refused]
        bought += [(s.buys_at, 1, index) for index, s in enumerate(script.strangers)]
        self.bought = sorted(bought)
        self.before = OPENED + STOCKED + shoppers
        self.place = {who: at for at, (_, kind, who) in enumerate(self.bought) if not kind}
        self.seen_at = self._seen_at()

    def _seen_at(self):
        """Each batch comes a second after the last if something was left, or else a second after the next event."""
        moments, seen_at, now = [moment for moment, _, _ in self.bought], [], 0
        while len(seen_at) < len(moments):
            now = max(now, moments[len(seen_at)]) + DELAY
            there = [moment for moment in moments if moment <= now]
            seen_at += [now] * min(BATCH, len(there) - len(seen_at))
        return seen_at

    def applied(self, moment):
        return sum(at <= moment for at in self.seen_at)

    def visit(self, shopper, way, patience, late):
        """Return (outcome, milliseconds, events in front) of one shopper."""
        if shopper.number in self.refused:
            return ["refused", 0, 0]
        mine, look = self.place[shopper.number], shopper.buys_at + shopper.way
        if way == "just_read":
            return ["saw" if self.seen_at[mine] <= look else "old", 0, 0]
        if way == "sleep_and_read":
            return ["waited" if self.seen_at[mine] <= look + SLEEP else "old", SLEEP, 0]
        last = mine if way == "wait_for_my_receipt" else sum(moment <= look for moment, _, _ in self.bought) - 1
        front, wait = max(0, last + 1 - self.applied(look)), max(0, self.seen_at[last] - look)
        if wait <= patience:
            return ["waited" if wait else "saw", wait, front]
        shown = "waited" if self.seen_at[mine] <= look + patience else "late"
        return ["gave_up" if late == "give_up" else shown, patience, front]


@pytest.mark.parametrize(
    ("seed", "shoppers", "seconds", "late"),
    [(7, 40, 2, "give_up"), (3, 15, 0.7, "give_up"), (3, 15, 0.7, "stale"), (11, 20, 1.2, "stale"), (5, 1, 5, "stale")],
)
def test_every_visit_ends_as_the_moments_of_the_script_say(seed, shoppers, seconds, late):
    found = rows(f"strategies seed={seed} shoppers={shoppers} timeout={seconds} late={late}")
    oracle = Oracle(seed, shoppers)
    for way in ("just_read", "sleep_and_read", "wait_for_my_receipt", "wait_for_everything"):
        expected = [oracle.visit(shopper, way, round(seconds * 1000), late) for shopper in oracle.shoppers]
        assert found[way]["each"] == expected, way


def test_the_figures_are_those_of_the_visits(usual):
    for row in usual.values():
        ended = Counter(outcome for outcome, _, _ in row["each"])
        waits = [milliseconds for outcome, milliseconds, _ in row["each"] if "refused" not in outcome]
        assert row["old_pages"] == ended["old"] + ended["late"]
        assert row["gave_up"] == ended["gave_up"]
        assert row["max_ms"] == max(waits)
        assert sum(wait <= row["median_ms"] for wait in waits) >= len(waits) / 2
        assert sum(wait >= row["median_ms"] for wait in waits) >= len(waits) / 2


def test_the_write_store_is_never_old_and_is_read_once_an_accepted_order(usual):
    row = usual["read_from_the_write_store"]
    assert row["old_pages"] == 0
    assert row["write_reads"] == 40 - row["refused"]
    assert row["write_work"] >= row["write_reads"]
    others = [other for other in usual.values() if other is not row]
    assert {(other["write_reads"], other["write_work"]) for other in others} == {(0, 0)}


def test_nobody_waits_longer_for_her_receipt_than_for_everything(usual):
    pairs = list(zip(usual["wait_for_my_receipt"]["each"], usual["wait_for_everything"]["each"], strict=True))
    assert all(mine[1] <= all_[1] and mine[2] <= all_[2] for mine, all_ in pairs)
    assert any(mine[2] < all_[2] for mine, all_ in pairs)


def test_who_shows_it_before_it_is_true_takes_back_every_refusal(usual):
    row = usual["show_before_it_is_true"]
    refused = Oracle(7, 40).refused
    taken_back = {n for n, (outcome, _, _) in enumerate(row["each"], start=1) if outcome == "shown_then_refused"}
    assert taken_back == refused
    assert row["shown_then_refused"] == row["refused"] == len(refused) == 3
    assert Counter(outcome for outcome, _, _ in row["each"])["saw"] == 40 - len(refused)


@pytest.mark.parametrize("line", ["strategies", "strategies seed=4 shoppers=20 timeout=1"])
def test_a_receipt_lies_to_one_and_who_asks_by_event_is_not_lied_to(line):
    found = rows(line)
    lied_to = [outcome for outcome, _, _ in found["a_receipt_that_lies"]["each"]].count("old")
    assert lied_to == 1
    assert "old" not in [outcome for outcome, _, _ in found["ask_for_my_event"]["each"]]
    assert [name for name, row in found.items() if row["simulated"]] == ["a_receipt_that_lies", "ask_for_my_event"]


def test_who_asks_by_event_and_is_patient_sees_her_order_in_the_end():
    each = rows("strategies seed=4 shoppers=20 timeout=5")["ask_for_my_event"]["each"]
    assert {outcome for outcome, _, _ in each} <= {"saw", "waited", "refused"}


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(usual):
    strategies._run.cache_clear()
    assert rows("strategies") == usual
    assert rows("strategies seed=8") != usual


def test_when_the_time_out_runs_out_the_old_page_is_shown_instead_if_so_wished():
    giving_up = rows("strategies seed=3 shoppers=15 timeout=0.4")["wait_for_my_receipt"]
    stale = rows("strategies seed=3 shoppers=15 timeout=0.4 late=stale")["wait_for_my_receipt"]
    assert giving_up["gave_up"] == stale["late_pages"] == stale["old_pages"] > 0
    assert giving_up["old_pages"] == stale["gave_up"] == 0


def test_the_sandbox_stays_as_it_was_and_the_scratch_stores_go(sandbox, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = sandbox.stores.fingerprint()
    assert sandbox.act("strategies shoppers=3 seed=1").outcome == "done"
    assert sandbox.stores.fingerprint() == before
    assert not list(scratch.iterdir())


def test_done_again_after_a_crash_it_finds_the_same_and_a_replay_leads_to_the_same_stores(sandbox):
    found = sandbox.act("strategies shoppers=3").result
    [entry] = [entry for entry in sandbox.lab.entries() if entry.origin == "learner"]
    sandbox.lab.connection.execute("UPDATE journal SET outcome = NULL WHERE n = ?", (entry.n,))
    sandbox.lab.connection.execute("DELETE FROM results")
    finish_again(sandbox.stores, entry)
    again = sandbox.lab.connection.execute("SELECT json(result) = json(?) FROM results", (json.dumps(found),))
    assert again.fetchone() == (1,)
    assert replayed(sandbox) == sandbox.stores.fingerprint()


def test_a_replay_does_not_run_the_script_so_that_many_lines_cost_nothing(sandbox):
    sandbox.act("strategies shoppers=3")
    sandbox.act("cmd restock product=lamp qty=1")
    sandbox.act("undo")
    assert sandbox.lab.connection.execute("SELECT count(*) FROM results").fetchone() == (0,)
    assert [e.line.split()[0] for e in sandbox.lab.entries() if e.origin == "learner"] == ["strategies"]


@pytest.mark.parametrize(
    "line",
    [
        "strategies shoppers=101",
        "strategies shoppers=0",
        "strategies timeout=6",
        "strategies late=soon",
        "strategies x=1",
    ],
)
def test_a_script_that_makes_no_sense_is_not_run(sandbox, line):
    answer = sandbox.act(line)
    assert answer.outcome == "failed"
    assert answer.reason
