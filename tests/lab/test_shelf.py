"""The shelf: sandboxes made, lent, folded, deleted, and refused where there is no room."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab import limits
from lab.admission import TooMany
from lab.pool import Crowded
from lab.shelf import FREE_PLAY, DiskFull, NoSuchSandbox, Recipe, Shelf

CLASSROOM = "192.168.7.20"
PUBLIC = "8.8.8.8"
BUY = "cmd place_order customer=c1 product=lamp qty=2"


class Clock:
    """A wall clock that a test moves."""

    def __init__(self):
        self.reading = 1_800_000_000.0

    def __call__(self):
        return self.reading


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(tmp_path, clock):
    """Open a shelf over the test's folder; every one is closed at the end."""
    with ExitStack() as opened:

        def open_shelf(**options):
            shelf = Shelf(tmp_path, now=clock, **options)
            opened.callback(shelf.close)
            return shelf

        yield open_shelf


@pytest.fixture
def shelf(make):
    return make()


def test_a_new_sandbox_is_free_play_with_every_read_model_at_the_head(shelf):
    with shelf.open(shelf.create(FREE_PLAY, CLASSROOM)) as sandbox:
        state = sandbox.state()
        assert state["head"] == 5
        assert state["clock"] == "real"
        assert state["delay"] == limits.START_DELAY_SECONDS
        assert [at["position"] for at in state["projections"].values()] == [5] * 5


def test_an_id_holds_128_random_bits_and_is_given_once(shelf):
    ids = {shelf.create(FREE_PLAY, CLASSROOM) for _ in range(20)}
    assert len(ids) == 20
    assert {len(each) for each in ids} == {22}


def test_a_sandbox_is_one_object_however_many_open_it(shelf):
    one = shelf.create(FREE_PLAY, CLASSROOM)
    with shelf.open(one) as first, shelf.open(one) as second:
        assert first is second


def test_an_unknown_sandbox_is_not_there(shelf):
    with pytest.raises(NoSuchSandbox), shelf.open("A" * 22):
        pass


@pytest.fixture
def patient(monkeypatch):
    """Whoever finds no place waits for one, however long others take to open and close theirs."""
    monkeypatch.setattr(limits, "OPENING_WAIT_SECONDS", threading.TIMEOUT_MAX / 2)


@pytest.mark.usefixtures("patient")
def test_forty_sandboxes_live_with_eight_places(make):
    shelf = make(cap=8)
    ids = [shelf.create(FREE_PLAY, CLASSROOM) for _ in range(40)]

    def buy(number):
        with shelf.open(ids[number % 40]) as sandbox:
            return sandbox.act("cmd restock product=mug qty=1").outcome

    with ThreadPoolExecutor(6) as people:
        assert set(people.map(buy, range(240))) == {"accepted"}
    for each in ids:
        with shelf.open(each) as sandbox:
            assert sandbox.write.head() == 5 + 6
    assert len(list(open_files(shelf))) <= 8 * 12


def open_files(shelf):
    folder = str(shelf._home)
    return (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and folder in str(link.readlink()))


def test_a_sandbox_in_use_is_never_closed_and_the_next_is_told_that_all_places_are_taken(make, monkeypatch):
    monkeypatch.setattr(limits, "OPENING_WAIT_SECONDS", 0.0)
    shelf = make(cap=2)
    a, b, c = (shelf.create(FREE_PLAY, CLASSROOM) for _ in range(3))
    with shelf.open(a) as first, shelf.open(b):
        with pytest.raises(Crowded), shelf.open(c):
            pass
        assert first.act(BUY).outcome == "accepted"
    with shelf.open(c) as third:
        assert third.act(BUY).outcome == "accepted"


def test_the_one_that_gives_way_is_one_that_nobody_uses(make, monkeypatch):
    monkeypatch.setattr(limits, "OPENING_WAIT_SECONDS", 0.0)
    shelf = make(cap=2)
    a, b, c = (shelf.create(FREE_PLAY, CLASSROOM) for _ in range(3))
    with shelf.open(a) as first:
        with shelf.open(b):
            pass
        with shelf.open(c) as third:
            assert [each.act(BUY).outcome for each in (first, third)] == ["accepted"] * 2


@pytest.mark.usefixtures("patient")
def test_whoever_waits_for_a_place_gets_it_when_it_is_given_back(make):
    shelf = make(cap=1)
    a, b = (shelf.create(FREE_PLAY, CLASSROOM) for _ in range(2))
    outcomes, waits = [], threading.Event()
    changed = shelf._pool._changed
    wait = changed.wait

    def wait_and_tell(seconds):
        waits.set()
        return wait(seconds)

    def use_b():
        with shelf.open(b) as sandbox:
            outcomes.append(sandbox.act(BUY).outcome)

    changed.wait = wait_and_tell
    waiter = threading.Thread(target=use_b)
    with shelf.open(a):
        waiter.start()
        assert waits.wait(60)
        assert outcomes == []
    waiter.join()
    assert outcomes == ["accepted"]


def test_a_sandbox_outlives_the_process(make):
    before = make()
    one = before.create(FREE_PLAY, CLASSROOM)
    with before.open(one) as sandbox:
        sandbox.act(BUY)
    before.close()
    with make().open(one) as sandbox:
        assert sandbox.write.head() == 6


def test_a_sandbox_idle_for_half_an_hour_is_folded_and_opens_again_to_the_same_stores(shelf, clock, tmp_path):
    one = shelf.create(FREE_PLAY, CLASSROOM)
    with shelf.open(one) as sandbox:
        sandbox.act(BUY)
        sandbox.act("run")
        sandbox.act("cmd ship_order order=o-1")
        sandbox.act("set delay=0.5")
        before, standing = sandbox.stores.fingerprint(), sandbox.state()["projections"]["sales"]["position"]
    assert shelf.sweep() == limits.FOLD_AFTER_SECONDS
    assert list(tmp_path.rglob("sandboxes/*/*/write.db"))

    clock.reading += limits.FOLD_AFTER_SECONDS
    assert shelf.sweep() == 0.0
    assert not list(tmp_path.rglob("sandboxes/*/*/write.db"))

    with shelf.open(one) as sandbox:
        assert sandbox.stores.fingerprint() == before
        assert sandbox.state()["projections"]["sales"]["position"] == standing
        assert sandbox.state()["delay"] == 0.5


def test_a_folded_sandbox_outlives_the_process_too(make, clock):
    before = make()
    one = before.create(FREE_PLAY, CLASSROOM)
    with before.open(one) as sandbox:
        sandbox.act(BUY)
        fingerprint = sandbox.stores.fingerprint()
    before.fold(one)
    before.close()
    with make().open(one) as sandbox:
        assert sandbox.stores.fingerprint() == fingerprint


def test_a_fold_that_was_cut_short_is_finished_by_the_next_process(make, tmp_path):
    before = make()
    one = before.create(FREE_PLAY, CLASSROOM)
    with before.open(one) as sandbox:
        sandbox.act(BUY)
        fingerprint = sandbox.stores.fingerprint()
    before.fold(one)
    before.close()
    leftover = tmp_path / "sandboxes" / one / "1"
    leftover.mkdir()
    (leftover / "write.db").write_bytes(b"half a store")
    with make().open(one) as sandbox:
        assert sandbox.stores.fingerprint() == fingerprint


def test_folding_keeps_what_lies_beside_the_stores(shelf, tmp_path):
    one = shelf.create(Recipe("L00", clock="manual", setup=("model add product_card", "run")), CLASSROOM)
    bets = tmp_path / "sandboxes" / one / "progress.json"
    bets.write_text("{}")
    shelf.fold(one)
    with shelf.open(one) as sandbox:
        assert list(sandbox.projections) == ["product_card"]
    assert bets.read_text() == "{}"


def test_a_visit_puts_the_folding_off(shelf, clock):
    one = shelf.create(FREE_PLAY, CLASSROOM)
    clock.reading += limits.FOLD_AFTER_SECONDS - 1
    shelf.visit(one)
    assert shelf.sweep() == limits.FOLD_AFTER_SECONDS
    assert shelf.unseen(one) == 0


def test_after_thirty_days_it_is_gone_and_only_it(shelf, clock):
    old = shelf.create(FREE_PLAY, CLASSROOM)
    shelf.fold(old)
    clock.reading += limits.DELETE_AFTER_SECONDS - 60
    young = shelf.create(FREE_PLAY, CLASSROOM)
    clock.reading += 60
    shelf.sweep()
    assert not shelf.has(old)
    assert shelf.has(young)


def test_the_time_of_the_last_visit_is_known_to_the_next_process(make, clock):
    before = make()
    one = before.create(FREE_PLAY, CLASSROOM)
    before.visit(one)
    clock.reading += 600
    assert make().unseen(one) == pytest.approx(600)


def test_a_sandbox_that_cannot_be_folded_does_not_hold_up_the_others(shelf, clock, tmp_path, caplog):
    broken, sound = shelf.create(FREE_PLAY, CLASSROOM), shelf.create(FREE_PLAY, CLASSROOM)
    (tmp_path / "sandboxes" / broken / "1" / "lab.db").write_bytes(b"no database")
    clock.reading += limits.FOLD_AFTER_SECONDS
    while shelf.sweep() == 0:
        pass
    assert not (tmp_path / "sandboxes" / sound / "1").exists()
    assert broken in caplog.text


def test_at_the_watermark_the_oldest_folded_go_first_and_then_nothing_may_change(make, clock):
    free = [limits.MIN_FREE_DISK_BYTES]
    shelf = make(free_bytes=lambda home: free[0] + limits.MEGABYTE * (2 - sum(map(shelf.has, ids))) if ids else free[0])
    ids = []
    old, young = shelf.create(FREE_PLAY, CLASSROOM), shelf.create(FREE_PLAY, CLASSROOM)
    for each in (old, young):
        clock.reading += 1
        shelf.visit(each)
        shelf.fold(each)
    ids = [old, young]

    free[0] -= limits.MEGABYTE
    shelf.check_disk()
    assert not shelf.has(old)
    assert shelf.has(young)

    free[0] -= 2 * limits.MEGABYTE
    with pytest.raises(DiskFull):
        shelf.create(FREE_PLAY, CLASSROOM)


def test_a_public_address_gets_ten_sandboxes_a_minute_and_a_class_behind_one_address_any_number(shelf, clock):
    for _ in range(limits.MAX_NEW_SANDBOXES_PER_ADDRESS):
        shelf.create(FREE_PLAY, PUBLIC)
    with pytest.raises(TooMany) as told:
        shelf.create(FREE_PLAY, PUBLIC)
    assert told.value.seconds == limits.NEW_SANDBOXES_WINDOW_SECONDS
    for address in (CLASSROOM, "127.0.0.1", "::1", "10.0.0.9"):
        for _ in range(limits.MAX_NEW_SANDBOXES_PER_ADDRESS + 1):
            shelf.create(FREE_PLAY, address)
    clock.reading += limits.NEW_SANDBOXES_WINDOW_SECONDS
    shelf.create(FREE_PLAY, PUBLIC)


def test_beyond_the_limit_of_sandboxes_the_one_idle_for_longest_is_folded(shelf, clock, monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "MAX_UNFOLDED_SANDBOXES", 3)
    ids = []
    for _ in range(4):
        clock.reading += 1
        ids.append(shelf.create(FREE_PLAY, CLASSROOM))
    unfolded = {path.parent.parent.name for path in tmp_path.rglob("sandboxes/*/*/write.db")}
    assert unfolded == set(ids[1:])
    with shelf.open(ids[0]) as sandbox:
        assert sandbox.write.head() == 5


def test_the_pristine_sandbox_is_there_to_look_at_and_belongs_to_nobody(shelf, tmp_path):
    with shelf.pristine() as sandbox:
        assert sandbox.state()["head"] == 5
    assert list((tmp_path / "sandboxes").iterdir()) == []
