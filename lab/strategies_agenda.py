"""A clock that jumps from one moment to the next, and people who wait on it."""

import heapq
from collections.abc import Callable, Generator
from itertools import count
from typing import NamedTuple

COMMANDS, PROJECTOR, PEOPLE = range(3)
"""What comes first within one millisecond."""


class Wait(NamedTuple):
    """Wait until something holds, but no longer than so many milliseconds."""

    until: Callable[[], bool]
    at_most: int


Steps = Generator[Wait, bool, None]
"""What a person does, step by step. Each ``yield`` waits, and says whether what was waited for came true."""


class Agenda:
    """What is to be done, and when."""

    def __init__(self) -> None:
        self.now = 0
        self._todo: list[tuple[int, int, int, Callable[[], object]]] = []
        self._number = count()
        self._waiting: dict[int, tuple[Wait, Steps]] = {}

    def at(self, moment: int, rank: int, do: Callable[[], object]) -> None:
        """Plan something."""
        heapq.heappush(self._todo, (moment, rank, next(self._number), do))

    def run(self) -> None:
        """Do everything in its order."""
        while self._todo:
            self.now, _, _, do = heapq.heappop(self._todo)
            do()

    def start(self, steps: Steps) -> None:
        """Let somebody begin."""
        self._wait(next(steps, None), steps)

    def look_round(self) -> None:
        """Let all those go on for whom what they waited for holds now."""
        for ticket, (wait, _) in list(self._waiting.items()):
            if wait.until():
                self._go_on(ticket, came_true=True)

    def _wait(self, wait: Wait | None, steps: Steps) -> None:
        if wait is None:
            return
        ticket = next(self._number)
        self._waiting[ticket] = (wait, steps)
        if wait.until():
            self._go_on(ticket, came_true=True)
        else:
            self.at(self.now + wait.at_most, PEOPLE, lambda: self._go_on(ticket, came_true=False))

    def _go_on(self, ticket: int, came_true: bool) -> None:
        if ticket not in self._waiting:
            return
        _, steps = self._waiting.pop(ticket)
        try:
            self._wait(steps.send(came_true), steps)
        except StopIteration:
            return
