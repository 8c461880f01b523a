"""The ways to read one's own write, as a programmer would build them: one function a way."""

from typing import Literal

from lab.strategies_agenda import Steps, Wait
from lab.strategies_script import Shopper
from lab.strategies_shop import Shop

SLEEP_MS = 500

Outcome = Literal["saw", "waited", "old", "late", "gave_up", "refused", "shown_then_refused"]
"""How a visit ended. 'waited' saw her order after waiting, 'late' was shown an old page when the time-out ran out."""


def just_read(visit: "Visit") -> Steps:
    """Read the read store at once."""
    if visit.buy():
        yield visit.way
        visit.read()


def sleep_and_read(visit: "Visit") -> Steps:
    """Sleep a fixed time, and hope."""
    if visit.buy():
        yield visit.way
        yield visit.sleep(SLEEP_MS)
        visit.read()


def read_from_the_write_store(visit: "Visit") -> Steps:
    """Ask the store that decided."""
    if visit.buy():
        yield visit.way
        visit.read_from_write_store()


def wait_for_my_receipt(visit: "Visit") -> Steps:
    """Wait until the checkpoint has reached the receipt, then read."""
    if visit.buy():
        yield visit.way
        if (yield visit.until_position(visit.receipt)):
            visit.read()
        else:
            visit.time_out()


def wait_for_everything(visit: "Visit") -> Steps:
    """Wait until the checkpoint has reached the head of the log, then read."""
    if visit.buy():
        yield visit.way
        if (yield visit.until_position(visit.shop.head)):
            visit.read()
        else:
            visit.time_out()


def show_before_it_is_true(visit: "Visit") -> Steps:
    """Show what was typed; take it back if the answer is no."""
    visit.show()
    accepted = visit.buy()
    yield visit.way
    if not accepted:
        visit.take_back()


def ask_for_my_event(visit: "Visit") -> Steps:
    """Wait until this very event was applied, whatever the checkpoint says, then read."""
    if visit.buy():
        yield visit.way
        if (yield visit.until_applied()):
            visit.read()
        else:
            visit.time_out()


class Visit:
    """One shopper: she buys, comes back, and looks for her order."""

    def __init__(self, shop: Shop, shopper: Shopper, patience_ms: int, late: Literal["give_up", "stale"]) -> None:
        self.shop = shop
        self.outcome: Outcome = "refused"
        self.receipt = 0
        self.as_of: int | None = None
        self.waited_ms = self.waited_events = 0
        self._shopper = shopper
        self._patience_ms = patience_ms
        self._late = late
        self._order_id = f"order-{shopper.number}"
        self._waits_from: int | None = None

    @property
    def way(self) -> Wait:
        """The time that her browser needs to come back."""
        return Wait(_never, self._shopper.way)

    def buy(self) -> bool:
        """Send her command; tell whether it was accepted."""
        answer = self.shop.buy(self._order_id, f"s{self._shopper.number}", self._shopper.product)
        self.receipt = answer.position or 0
        if answer.outcome == "refused":
            self.outcome = "refused"
        return answer.outcome == "accepted"

    # Waiting

    def sleep(self, milliseconds: int) -> Wait:
        """Wait a fixed time."""
        self._waits_from = self.shop.agenda.now
        return Wait(_never, milliseconds)

    def until_position(self, goal: int) -> Wait:
        """Wait until the checkpoint is there."""
        self._waits_from = self.shop.agenda.now
        self.waited_events = max(0, goal - self.shop.position)
        return Wait(lambda: self.shop.position >= goal, self._patience_ms)

    def until_applied(self) -> Wait:
        """Wait until the event of her order was applied."""
        self._waits_from = self.shop.agenda.now
        self.waited_events = max(0, self.receipt - self.shop.position)
        return Wait(lambda: self.shop.applied(self.receipt, f"{self._order_id}.1"), self._patience_ms)

    # How it ends

    def read(self) -> None:
        """Read the read store; what is there says whether the page is old."""
        self._end("saw" if self._read() else "old")

    def read_from_write_store(self) -> None:
        """Read the write store."""
        self._end("saw" if self.shop.read_from_write_store(self._order_id) else "old")

    def time_out(self) -> None:
        """Say that her order is not listed yet, or show the page as it is."""
        if self._late == "give_up":
            self._end("gave_up")
        else:
            self._end("saw" if self._read() else "late")

    def show(self) -> None:
        """Show her order before anybody was asked."""
        self.outcome = "saw"

    def take_back(self) -> None:
        """Take back what was shown."""
        self.outcome = "shown_then_refused"

    def _read(self) -> bool:
        page = self.shop.read(self._order_id)
        self.as_of = page.as_of
        return bool(page.rows)

    def _end(self, outcome: Outcome) -> None:
        if self._waits_from is not None:
            self.waited_ms = self.shop.agenda.now - self._waits_from
        self.outcome = "waited" if outcome == "saw" and self.waited_ms else outcome


def _never() -> bool:
    return False
