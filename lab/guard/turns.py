"""Who may use a worker next: one sandbox after the other, however many requests one of them has."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from lab.guard import policy

IN_LINE = "two questions of yours are waiting already; ask again when one of them is answered"
CROWDED = "too many people are asking just now; ask again in a moment"


class Busy(Exception):
    """A request cannot even wait: its sandbox has enough of them waiting, or the whole house has."""


class _Ticket:
    """One request that waits; ``refused`` says why it waits no longer."""

    def __init__(self) -> None:
        self.refused: str | None = None


class Turns:
    """Hands out a few places. The house's own requests go first; after them each sandbox has one turn, in a ring.

    A sandbox has one place at a time and a short line behind it. Where the house is full, somebody new gets the place
    in line of somebody's second request.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._changed = threading.Condition()
        self._first: deque[_Ticket] = deque()
        self._lines: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._running: set[str] = set()

    @contextmanager
    def turn(self, who: str | None) -> Iterator[None]:
        """Wait for a place for a sandbox, or for the house itself (None); raise Busy if there are too many."""
        with self._changed:
            self._wait(self._line_up(who), who)
            self._free -= 1
            if who is not None:
                self._running.add(who)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._running.discard(who or "")
                self._changed.notify_all()

    def _line_up(self, who: str | None) -> _Ticket:
        ticket = _Ticket()
        if who is None:
            self._first.append(ticket)
            return ticket
        # Who is not running has a place to come, so one more may stand in that line.
        line = self._lines.get(who, deque())
        if len(line) >= policy.QUEUED_PER_SANDBOX + (who not in self._running):
            raise Busy(IN_LINE)
        if sum(map(len, self._lines.values())) >= policy.QUEUED_IN_ALL:
            self._make_way(who)
        self._lines.setdefault(who, line).append(ticket)
        return ticket

    def _make_way(self, who: str) -> None:
        """Send the last of the longest line away, if that is fair to it; else the one that comes."""
        longest = max(self._lines.values(), key=len)
        if who in self._lines or who in self._running or len(longest) < 2:
            raise Busy(CROWDED)
        longest.pop().refused = CROWDED
        self._changed.notify_all()

    def _wait(self, ticket: _Ticket, who: str | None) -> None:
        try:
            while not ticket.refused and self._next() is not ticket:
                self._changed.wait()
        finally:
            # Also if the thread is interrupted: a ticket that nobody holds would block everybody.
            self._leave_line(ticket, who)
        if ticket.refused:
            raise Busy(ticket.refused)

    def _leave_line(self, ticket: _Ticket, who: str | None) -> None:
        line = self._first if who is None else self._lines.get(who, deque())
        if ticket not in line:
            return
        line.remove(ticket)
        if who is not None:
            # Whoever had a turn goes to the end of the ring.
            del self._lines[who]
            if line:
                self._lines[who] = line
        self._changed.notify_all()

    def _next(self) -> _Ticket | None:
        if not self._free:
            return None
        if self._first:
            return self._first[0]
        return next((line[0] for who, line in self._lines.items() if who not in self._running), None)
