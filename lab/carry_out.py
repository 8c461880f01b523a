"""Carrying out one line: written to the journal, done, and its outcome written to the journal."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cqrs.read.store import missing
from lab.actions import Action, Cmd
from lab.clock import from_iso
from lab.journal import Entry
from lab.language import parse
from lab.outcome import CannotDo, Done, Line
from lab.perform import perform
from lab.stores import Stores
from lab.targets import targets

FULL = "a store of this sandbox is full; undo or reset makes room"

REPEATED = "repeated: "
"""So the journal begins the reason of a command that was sent again: nothing was done, its first answer was given."""

FIRST_ANSWER = "its first answer again"


class Busy(Exception):
    """Another process holds a store's write lock; nothing was done, trying again later may help."""


class Unsure(Busy):
    """A line was not done, but that could not be written down: until it is, a crash would have it done after all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a line answers, to a person or a script."""

    line: str
    outcome: str
    reason: str | None = None
    position: int | None = None
    n: int | None = None
    repeated: bool = False
    took_ms: float = 0.0
    query: dict[str, Any] | None = None
    result: Any = None
    dropped: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the answer as the public interface gives it."""
        answer: dict[str, Any] = {
            "line": self.line,
            "outcome": self.outcome,
            "reason": self.reason,
            "position": self.position,
            "n": self.n,
            "repeated": self.repeated,
            "took_ms": self.took_ms,
        }
        if self.dropped is not None:
            answer["dropped"] = self.dropped
        if self.query is not None:
            answer |= {name: self.query[name] for name in ("result", "as_of", "head", "via", "waited")}
        if self.result is not None:
            answer["result"] = self.result
        return answer


def carry_out(
    stores: Stores,
    action: Action,
    origin: str,
    *,
    n: int | None = None,
    waited: int = 0,
    failed: str | None = None,
    known: Done | None = None,
) -> Answer:
    """Journal a line, perform it, and journal how it ended.

    ``failed`` is a reason known beforehand, ``known`` a whole outcome: the line is journalled, and nothing performed.
    Raise Busy if a store stayed locked; the journal then says that the line failed.
    """
    journal = stores.journal
    number = journal.next_number() if n is None else n
    at = stores.clock.now()
    with locked_means_busy():
        settle(stores)
        stores.ensure_read()
        if isinstance(action, Cmd):
            action = action.numbered(number, stores.next_order)
        if not journal.make_room():
            return Answer(str(action), "failed", FULL)
        try:
            target = targets(stores, action) if failed is None else None
        except CannotDo as cannot:
            target, failed = None, str(cannot)
        journal.begin(number, at, origin, str(action), target)
    return _finish(stores, action, origin, Line(number, at, target, waited), failed, known)


def finish_again(stores: Stores, entry: Entry) -> None:
    """Do once more what a crash interrupted: the line stands in the journal, its outcome does not."""
    target = json.loads(entry.target) if entry.target else None
    line = Line(entry.n, from_iso(entry.at), target, again=True)
    _finish(stores, parse(entry.line), entry.origin, line, None)


def _finish(
    stores: Stores, action: Action, origin: str, line: Line, failed: str | None, known: Done | None = None
) -> Answer:
    started = time.perf_counter()
    try:
        done = known or (_perform(stores, action, line) if failed is None else Done("failed", failed))
    except CannotDo as cannot:
        done = Done("failed", str(cannot))
    except sqlite3.Error as error:
        done = Done("failed", in_words(error))
        if is_lock(error):
            _record(stores, line, done, origin)
            raise Busy(done.reason) from error
    took = (time.perf_counter() - started) * 1000
    _record(stores, line, done, origin)
    return Answer(
        str(action),
        done.outcome,
        done.reason,
        done.position,
        line.n,
        done.repeated,
        round(took, 2),
        done.query,
        done.result,
    )


def _perform(stores: Stores, action: Action, line: Line) -> Done:
    """Perform a line; if read.db turns out to be damaged on the way, make it again and perform the line once more."""
    try:
        return perform(stores, action, line)
    except sqlite3.DatabaseError as error:
        if not missing(error):
            raise
        stores.make_read_again()
        return perform(stores, action, line._replace(again=True))


def _record(stores: Stores, line: Line, done: Done, origin: str) -> None:
    """Journal the outcome, or owe it to the journal: what was done stands in the stores, whatever lab.db can take."""
    stores.owed.append((line, done, origin, stores.clock.now()))
    try:
        settle(stores)
    except sqlite3.OperationalError as error:
        if done.outcome == "failed":
            raise Unsure(in_words(error)) from error


def settle(stores: Stores) -> None:
    """Journal the outcomes that are owed; no other line begins before that."""
    while stores.owed:
        _record_one(stores, *stores.owed[0])
        stores.owed.pop(0)


def _record_one(stores: Stores, line: Line, done: Done, origin: str, now: int) -> None:
    """Journal an outcome with what was measured; if that is more than the journal can hold, the outcome alone."""
    try:
        _record_all(stores, line, done, origin, now)
    except sqlite3.OperationalError as error:
        if not is_full(error):
            raise
        stores.journal.finish(line.n, done.outcome, _reason(done), done.position, now)


def _reason(done: Done) -> str | None:
    """Return the reason as the journal keeps it."""
    return REPEATED + (done.reason or FIRST_ANSWER) if done.repeated else done.reason


def first_reason(reason: str | None) -> tuple[bool, str | None]:
    """Read a reason of the journal: tell whether the command had been sent before, and why it was refused then."""
    if reason is None or not reason.startswith(REPEATED):
        return False, reason
    first = reason.removeprefix(REPEATED)
    return True, None if first == FIRST_ANSWER else first


def _record_all(stores: Stores, line: Line, done: Done, origin: str, now: int) -> None:
    journal = stores.journal
    with journal.transaction():
        journal.finish(line.n, done.outcome, _reason(done), done.position, now)
        journal.sample(line.n, now, stores.write.head(), stores.positions())
        if done.trace:
            journal.record_trace(done.trace)
        if done.applied:
            journal.record_applied(done.applied)
        if done.query is not None:
            journal.record_query(line.n, now, done.query)
        if done.result is not None:
            journal.record_result(line.n, done.result)
        if done.incidents:
            journal.record_incidents(line.n, done.incidents)
        for name, value in (done.settings or {}).items():
            journal.set(name, value)
        if origin == "learner" and done.outcome == "accepted" and not done.repeated:
            journal.set("receipt", done.position)


@contextmanager
def locked_means_busy() -> Iterator[None]:
    """Turn the error of a lock that was not to be had into Busy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if is_lock(error):
            raise Busy(in_words(error)) from error
        raise


def is_lock(error: sqlite3.Error) -> bool:
    """Tell whether an error says that somebody else holds the lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether an error says that a store has reached its size."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def in_words(error: sqlite3.Error) -> str:
    """Say what a database error means here."""
    if is_lock(error):
        return "another program holds the lock of a store; try again in a moment"
    if is_full(error):
        return FULL
    return f"SQLite says: {error}"
