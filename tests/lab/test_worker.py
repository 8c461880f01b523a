"""The worker: sandboxes on the real clock move by notification, and nothing moves while nothing is due."""

import threading

import pytest

from lab import guard, limits
from lab.shelf import FREE_PLAY, Shelf
from lab.worker import FIRST_BACKOFF_SECONDS, Schedule, Worker
from tests.lab.owned import ADD
from tests.lab.sandboxes import hold

BUY = "cmd place_order customer=c1 product=mug qty=1"


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.reading = 1_800_000_000.0

    def __call__(self):
        return self.reading


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shelf(tmp_path, clock):
    shelf = Shelf(tmp_path, now=clock)
    yield shelf
    shelf.close()


def tied(shelf, **options):
    """A worker that hears of every change on the shelf, as in the server."""
    worker = Worker(shelf, **options)
    shelf.on_open = shelf.on_change = worker.look
    return worker


@pytest.fixture
def running(shelf):
    worker = tied(shelf)
    worker.start()
    yield worker
    worker.stop()


def act(shelf, sandbox_id, *lines):
    with shelf.open(sandbox_id) as sandbox:
        return [sandbox.act(line) for line in lines]


def wait_until_level(shelf, sandbox_id):
    """Wait for the projector as a page does: to be told."""
    with shelf.open(sandbox_id) as sandbox, sandbox.lock:
        assert sandbox.progressed.wait_for(lambda: not behind(sandbox), timeout=60)


def behind(sandbox):
    return max(at["behind"] for at in sandbox.state()["projections"].values())


def test_the_earliest_comes_first_and_a_name_stands_there_once():
    schedule = Schedule()
    schedule.put("a", 3.0)
    schedule.put("b", 2.0)
    schedule.put("a", 1.0)
    schedule.put("a", 5.0)
    assert schedule.earliest() == 1.0
    assert [schedule.take(), schedule.take()] == ["a", "b"]
    assert schedule.earliest() == float("inf")


def test_with_no_delay_the_read_store_follows_at_once(shelf, running):
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    act(shelf, one, "set delay=0", BUY)
    wait_until_level(shelf, one)
    with shelf.open(one) as sandbox:
        assert {at["position"] for at in sandbox.state()["projections"].values()} == {6}


def test_a_command_makes_its_sandbox_due_at_once_or_after_the_delay(shelf, clock):
    worker = tied(shelf, now=clock)
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    worker.work_off()
    with shelf.open(one) as sandbox:
        hold(sandbox)
        sandbox.act(BUY)
        assert worker.until_next() == limits.START_DELAY_SECONDS
        sandbox.act("set delay=0")
        sandbox.act(BUY)
        assert worker.until_next() == 0


def test_nothing_due_means_no_wake_up_for_minutes(shelf, clock):
    worker = tied(shelf, now=clock)
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    act(shelf, one, "set delay=0")
    worker.work_off()
    assert worker.until_next() >= 60


def test_a_sandbox_in_trouble_stops_neither_the_worker_nor_the_others(shelf, clock, caplog):
    worker = tied(shelf, now=clock)
    bad, good = (shelf.create(FREE_PLAY, "127.0.0.1") for _ in range(2))
    act(shelf, bad, "set delay=0", BUY)
    act(shelf, good, "set delay=0", BUY)
    with shelf.open(bad) as broken:
        broken.advance = lambda: 1 / 0
        worker.work_off()
        with shelf.open(good) as sandbox:
            assert not behind(sandbox)
        assert worker.until_next() == FIRST_BACKOFF_SECONDS
        assert bad in caplog.text

        clock.reading += FIRST_BACKOFF_SECONDS
        worker.work_off()
        assert worker.until_next() == 2 * FIRST_BACKOFF_SECONDS

        del broken.advance
        clock.reading += 2 * FIRST_BACKOFF_SECONDS
        worker.work_off()
        assert not behind(broken)


def test_a_sandbox_in_a_long_action_does_not_hold_up_the_others(shelf, clock):
    worker = tied(shelf, now=clock)
    busy, free = (shelf.create(FREE_PLAY, "127.0.0.1") for _ in range(2))
    act(shelf, busy, "set delay=0", BUY)
    act(shelf, free, "set delay=0", BUY)
    with shelf.open(busy) as sandbox:
        held, done = threading.Event(), threading.Event()

        def act_for_long():
            with sandbox.lock:
                held.set()
                done.wait(timeout=60)

        actor = threading.Thread(target=act_for_long)
        actor.start()
        held.wait()
        worker.work_off()
        with shelf.open(free) as other:
            assert not behind(other)
        assert worker.until_next() < 1
        done.set()
        actor.join()
        clock.reading += 1
        worker.work_off()
        assert not behind(sandbox)


def test_traffic_stops_five_minutes_after_nobody_has_visited(shelf, clock):
    worker = tied(shelf, now=clock)
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    act(shelf, one, "traffic 5")
    worker.work_off()
    with shelf.open(one) as sandbox:
        assert sandbox.stores.settings.traffic == 5
        assert sandbox.write.head() > 5
    clock.reading += limits.TRAFFIC_UNSEEN_SECONDS + 1
    worker.work_off()
    with shelf.open(one, visit=False) as sandbox:
        assert sandbox.stores.settings.traffic == 0


def test_the_worker_sweeps_the_shelf_when_the_next_sandbox_is_due_and_not_before(shelf, clock, tmp_path):
    worker = tied(shelf, now=clock)
    shelf.create(FREE_PLAY, "127.0.0.1")
    worker.work_off()
    assert worker.until_next() == limits.FOLD_AFTER_SECONDS
    clock.reading += limits.FOLD_AFTER_SECONDS
    worker.work_off()
    assert not list(tmp_path.rglob("sandboxes/*/*/write.db"))
    assert worker.until_next() > limits.DAY


def test_stopping_waits_for_the_work_under_way_and_ends_the_thread(shelf):
    worker, before = tied(shelf), set(threading.enumerate())
    worker.start()
    (thread,) = set(threading.enumerate()) - before
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    act(shelf, one, "set delay=0", *[BUY] * 5)
    worker.stop()
    worker.stop()
    assert thread.name == "worker"
    assert not thread.is_alive()


def test_a_slow_read_model_of_one_s_own_holds_up_no_other_sandbox(shelf, clock, monkeypatch):
    common, own = Worker(shelf, now=clock), Worker(shelf, now=clock, own=True)
    shelf.on_open = shelf.on_change = lambda *changed: (common.look(*changed), own.look(*changed))
    slow, other = (shelf.create(FREE_PLAY, "127.0.0.1") for _ in range(2))
    delivering, go_on = threading.Event(), threading.Event()

    def deliver_slowly(*args):
        delivering.set()
        assert go_on.wait(timeout=60)
        return deliver(*args)

    deliver = guard.deliver
    monkeypatch.setattr(guard, "deliver", deliver_slowly)
    act(shelf, slow, "set delay=0", ADD, BUY)
    act(shelf, other, "set delay=0")
    background = threading.Thread(target=own.work_off)
    background.start()
    assert delivering.wait(timeout=60)
    act(shelf, other, BUY)
    common.work_off()
    with shelf.open(other) as sandbox:
        assert not behind(sandbox)
    go_on.set()
    background.join()
    clock.reading += 1
    common.work_off()
    own.work_off()
    with shelf.open(slow) as sandbox:
        assert not behind(sandbox)
        assert sandbox.state()["projections"]["spent"]["position"] == 6


def test_a_worker_without_anything_to_do_sleeps_until_it_is_told(shelf):
    worker = Worker(shelf, own=True)
    shelf.on_open = shelf.on_change = worker.look
    worker.start()
    one = shelf.create(FREE_PLAY, "127.0.0.1")
    act(shelf, one, "set delay=0", ADD)
    with shelf.open(one) as sandbox, sandbox.lock:
        assert sandbox.progressed.wait_for(lambda: not behind(sandbox), timeout=60)
    worker.stop()
