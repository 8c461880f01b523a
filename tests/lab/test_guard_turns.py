"""Who gets a worker next: one sandbox after the other, and none of them waits for ever."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from lab.guard import policy
from lab.guard.turns import CROWDED, IN_LINE, Busy, Turns

PATIENCE = 60


class House:
    """Two places, and people that hold one until they are told to go."""

    def __init__(self, places: int = 2) -> None:
        self.turns = Turns(places)
        self.order: list[str] = []
        self._came = threading.Condition()
        self._leave: dict[str, threading.Event] = {}
        self._pool = ThreadPoolExecutor(40)

    def come(self, who: str | None, name: str | None = None) -> Future[None]:
        """Let a request come; return when it has a place, waits, or was sent away."""
        name = name or str(who)
        self._leave[name] = threading.Event()
        before = self._seen()
        future = self._pool.submit(self._stay, who, name)
        self._until(lambda: self._seen() != before or future.done())
        return future

    def _stay(self, who: str | None, name: str) -> None:
        with self.turns.turn(who):
            with self._came:
                self.order.append(name)
                self._came.notify_all()
            assert self._leave[name].wait(PATIENCE)

    def leave(self, name: str, then: int) -> None:
        """Let one go, and wait until so many have had a place in all."""
        self._leave[name].set()
        self._until(lambda: len(self.order) >= then)

    def _seen(self) -> tuple[int, set[int]]:
        # Whoever gets a place at once stands in line as long as the lock is held: nobody has come by that.
        with self.turns._changed:
            lines = [self.turns._first, *self.turns._lines.values()]
            return len(self.order), {id(ticket) for line in lines for ticket in line}

    def _until(self, true: Callable[[], bool]) -> None:
        with self._came:
            while not true():
                self._came.wait(0.005)

    def close(self) -> None:
        for leave in self._leave.values():
            leave.set()
        self._pool.shutdown()


@pytest.fixture
def house() -> House:
    house = House()
    yield house
    house.close()


def test_a_sandbox_has_one_place_and_two_in_line_and_then_it_is_told(house: House) -> None:
    for name in ("a1", "a2", "a3"):
        house.come("a", name)
    assert house.order == ["a1"]
    with pytest.raises(Busy, match=IN_LINE):
        house.come("a", "a4").result(PATIENCE)
    house.come("b")
    assert house.order == ["a1", "b"]


def test_sandboxes_take_turns_however_many_requests_one_has(house: House) -> None:
    for name in ("a1", "a2", "a3"):
        house.come("a", name)
    for name in ("b", "c", "d"):
        house.come(name)
    house.leave("b", then=3)
    house.leave("a1", then=4)
    house.leave("c", then=5)
    house.leave("a2" if "a2" in house.order else "d", then=6)
    assert house.order.index("d") < house.order.index("a3")


def test_the_house_s_own_requests_go_first(house: House) -> None:
    house.come("a")
    house.come("b")
    house.come("c")
    house.come(None, "check")
    house.leave("a", then=3)
    assert house.order == ["a", "b", "check"]


def test_where_the_house_is_full_somebody_new_gets_the_place_of_a_second_request(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "QUEUED_IN_ALL", 3)
    house.come("a")
    house.come("b")
    second = [house.come("c", name) for name in ("c1", "c2")][1]
    house.come("d")
    newcomer = house.come("e")
    with pytest.raises(Busy, match=CROWDED):
        second.result(PATIENCE)
    with pytest.raises(Busy, match=CROWDED):
        house.come("f").result(PATIENCE)
    house.leave("a", then=3)
    house.leave("b", then=4)
    house.leave("c1", then=5)
    assert house.order == ["a", "b", "c1", "d", "e"]
    assert not newcomer.done()


def test_whoever_is_interrupted_while_waiting_blocks_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.come("a")
    house.come("b")
    with monkeypatch.context() as interrupted:
        interrupted.setattr(house.turns._changed, "wait", lambda: print(1 // 0))
        for who in ("c", None):
            with pytest.raises(ZeroDivisionError), house.turns.turn(who):
                pass
    house.come("d")
    house.leave("a", then=3)
    assert house.order == ["a", "b", "d"]


def test_a_place_is_given_back_after_an_error(house: House) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), house.turns.turn("a"):
            print(1 // 0)
    house.come("a")
    house.come("b")
    assert house.order == ["a", "b"]
