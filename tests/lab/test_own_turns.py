"""Turns: read models of learners' own share one thread, and however slow one is, the others are not far from theirs."""

from collections import Counter
from contextlib import closing
from itertools import count, pairwise
from types import SimpleNamespace

import msgspec
import pytest

from lab import guard
from lab.actions import ModelWrite
from lab.guard import own as guard_own
from lab.guard import policy, projecting
from lab.guard.messages import Deliver, Model
from lab.loose import CORRECT
from lab.own import TURN_OVER
from lab.shelf import FREE_PLAY, Shelf
from lab.worker import Worker
from tests.lab.owned import ADD, EDIT, ONCE, SPENT, at, by_the_write_tables, do, spent
from tests.lab.sandboxes import HeldClock, fresh, hold, let_run, replayed

FAR = policy.TURN_EVENTS + 50
"""So many orders are more than one turn."""


@pytest.fixture
def shop():
    """A sandbox on a real clock, in which nothing but the learner's own moves."""
    with fresh("real") as sandbox:
        do(sandbox, "pause", "set delay=0")
        yield sandbox


class Slow:
    """Stands before the guard: some deliveries are given up, and take their time on the test's clock."""

    def __init__(self, monkeypatch, clock, is_slow):
        self.asked, self._deliver, self._clock, self._is_slow = [], guard.deliver, clock, is_slow
        monkeypatch.setattr(guard, "deliver", self)

    def __call__(self, file, model, events, now, pages, guards, crash, n, seconds):
        self.asked.append((file.parent.parent.name, model.name, len(events)))
        if seconds is not None and self._is_slow(file, events):
            self._clock.move(policy.TURN_SECONDS)
            raise guard.TurnOver
        # Who is slow is for the test to say, and not for the machine.
        return self._deliver(file, model, events, now, pages, guards, crash, n, None)

    @property
    def sizes(self):
        return [size for _, _, size in self.asked]


# Between sandboxes


def test_between_two_turns_of_one_sandbox_each_other_one_has_at_most_one(tmp_path, monkeypatch):
    clock, names = HeldClock(0), ("spent", "spent_too", "spent_again")
    with closing(Shelf(tmp_path, now=lambda: clock.reading / 1_000_000)) as shelf:
        worker = Worker(shelf, now=lambda: clock.reading / 1_000_000, own=True)
        honest, *others = (shelf.create(FREE_PLAY, "127.0.0.1") for _ in range(5))
        for one in (honest, *others):
            with shelf.open(one) as sandbox:
                clock.reading = max(clock.reading, sandbox.stores.clock.now())
                sandbox.stores.clock = clock
                do(sandbox, "pause", "set delay=0 batch=10", *["cmd restock product=mug qty=1"] * 40)
                for name in names[: 1 if one == honest else 3]:
                    do(sandbox, ADD.replace("spent", name))
        slow = Slow(monkeypatch, clock, lambda file, events: file.parent.parent.name != honest)
        for one in (*others, honest):
            with shelf.open(one) as sandbox:
                worker.look(one, sandbox)
        while worker.until_next() < 60:
            clock.move(worker.until_next() + 0.000_001)
            worker.work_off()
        turns = [one for one, *_ in slow.asked]
        mine = [number for number, one in enumerate(turns) if one == honest]
        assert mine[0] <= len(others)
        assert all(max(Counter(turns[a + 1 : b]).values(), default=0) <= 1 for a, b in pairwise(mine))
        assert Counter(turns) == {honest: 5, **dict.fromkeys(others, policy.OVERRUNS * len(names))}
        with shelf.open(honest) as sandbox:
            assert at(sandbox) == (45, "running")
        for one in others:
            with shelf.open(one) as sandbox:
                assert {at(sandbox, name) for name in names} == {(0, "stopped")}


# One that is slow


def test_what_is_over_rests_longer_each_time_and_stops_in_the_end_at_its_event(shop, monkeypatch):
    clock = hold(shop)
    do(shop, ADD)
    slow = Slow(monkeypatch, clock, lambda file, events: events[-1].position >= 3)
    rests, told = [], []
    while (due := shop.due(own=True)) is not None:
        rests.append(round(due, 1))
        clock.move(due)
        shop.advance(own=True)
        told.append(shop.state()["projections"]["spent"])
    assert slow.sizes == [5, 1, 2, 1, 2, 1, 1]
    assert rests == [0, 1, 0, 1, 0, 1, 2]
    assert [(at["position"], at["behind"], at["status"]) for at in told[-3:]] == [
        (2, 3, "running"),
        (2, 3, "running"),
        (2, 3, "stopped"),
    ]
    assert told[-1]["reason"] == "event 3: its statements together take longer than 0.2 s"


def test_a_turn_that_was_over_leaves_nothing_and_is_no_part_of_a_replay(shop, monkeypatch):
    clock = hold(shop)
    do(shop, "bulk 20", ADD)
    slow = Slow(monkeypatch, clock, lambda file, events: len(events) > 4)
    let_run(shop, clock)
    assert slow.sizes[:5] == [10, 1, 2, 4, 8]
    assert spent(shop) == by_the_write_tables(shop)
    over = [entry for entry in shop.lab.entries() if entry.outcome == "failed"]
    assert {(entry.origin, entry.reason) for entry in over} == {("projector", TURN_OVER)}
    assert replayed(shop) == shop.stores.fingerprint()


def test_what_fills_beside_has_turns_too_and_readers_keep_what_they_have(shop, monkeypatch):
    clock = hold(shop)
    do(shop, "bulk 30", ADD)
    let_run(shop, clock)
    do(shop, EDIT)
    slow = Slow(monkeypatch, clock, lambda file, events: events[-1].position >= 3)
    let_run(shop, clock)
    beside = shop.state()["beside"]["spent"]
    assert (beside["position"], beside["status"]) == (2, "stopped")
    assert beside["reason"].startswith("event 3: ")
    assert slow.sizes[-2:] == [1, 1]
    assert at(shop) == (36, "running")


def test_a_line_of_the_learner_reaches_its_goal_in_smaller_pieces(shop, monkeypatch):
    do(shop, "bulk 30", ADD, "pause spent")
    slow = Slow(monkeypatch, hold(shop), lambda file, events: len(events) > 10)
    assert do(shop, "run spent").position == 36
    assert slow.sizes == [36, 25, 6, 6, 6, 6, 6, 6]
    assert spent(shop) == by_the_write_tables(shop)


# One that is far behind


def test_one_that_is_far_behind_takes_more_at_once_but_not_where_a_delay_was_asked_for(shop, monkeypatch):
    clock = hold(shop)
    do(shop, "set batch=1", f"bulk {FAR}", ADD)
    slow = Slow(monkeypatch, clock, lambda file, events: False)
    head = shop.write.head()
    let_run(shop, clock)
    assert slow.sizes == [policy.TURN_EVENTS] + [1] * (head - policy.TURN_EVENTS)
    assert spent(shop) == by_the_write_tables(shop)
    slow.asked.clear()
    do(shop, "set batch=10", EDIT)
    let_run(shop, clock)
    assert slow.sizes == [policy.TURN_EVENTS, 50, head - policy.TURN_EVENTS - 50]
    do(shop, "set delay=1", "model rebuild spent")
    slow.asked.clear()
    let_run(shop, clock, steps=3)
    assert slow.sizes == [10, 10, 10]
    assert replayed(shop) == shop.stores.fingerprint()


def test_far_behind_it_still_stops_at_the_very_event_and_dies_where_it_was_told_to(shop, monkeypatch):
    clock = hold(shop)
    Slow(monkeypatch, clock, lambda file, events: False)
    do(shop, f"bulk {FAR}")
    do(shop, str(ModelWrite("spent", ONCE)))
    let_run(shop, clock)
    assert at(shop) == (8, "stopped")
    assert spent(shop).keys() == {"c1", "c2"}
    do(shop, "model drop spent", "model forget spent", ADD)
    do(shop, "crash spent before_commit")
    assert shop.advance(own=True)
    assert at(shop) == (0, "stopped")
    assert spent(shop) == {}
    do(shop, "run spent")
    assert spent(shop) == by_the_write_tables(shop)


# What is given up in the worker


def test_nothing_is_kept_of_what_is_given_up(shop, monkeypatch):
    do(shop, "bulk 20", ADD)
    events = tuple(shop.write.events_after(0, 26))
    reading = count()
    clock = SimpleNamespace(process_time=lambda: next(reading) / 100)
    monkeypatch.setattr(guard_own, "time", clock)
    monkeypatch.setattr(projecting, "time", clock)
    request = Deliver(str(shop.stores.folder / "read.db"), Model("spent", SPENT), events, CORRECT, None, 0, 2000)
    for seconds, ends in ((0.1, 0), (1.0, 26)):
        told = projecting.deliver(msgspec.structs.replace(request, seconds=seconds))
        assert (told.given_up, at(shop)) == (not ends, (ends, "running"))
    assert spent(shop) == by_the_write_tables(shop)
