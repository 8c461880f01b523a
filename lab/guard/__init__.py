"""The guard: SQL that a person wrote runs in a worker process, held to a policy, and is ended when it overruns.

Looking: ``values`` serves checks (one SELECT each, one value), ``read`` gives rows, ``ask`` answers a person.
Changing: ``patch`` changes rows of a read model by hand. A read model of a learner's own is looked over by ``check``,
tried by ``rehearse``, made by ``make``, and kept up by ``deliver`` and ``retry``; ``digest`` compares its rows.
``trusted`` says whether this SQLite may be trusted with what people type. Where it may not, nothing that a person wrote
is run, and each function says why; what the house wrote goes on: ``values``, ``read``.
``policy`` has every limit.
"""

import atexit
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cqrs.events import RecordedEvent
from cqrs.read.projector import OutOfOrder
from lab.delivery import Progress
from lab.guard import policy
from lab.guard.keeper import Keeper, clean
from lab.guard.messages import (
    Answer,
    Change,
    Check,
    Checked,
    Deliver,
    Delivered,
    Finding,
    Made,
    Make,
    Model,
    Patched,
    Place,
    Refused,
    Rehearse,
    Rehearsed,
    Sing,
    Trusted,
)
from lab.guard.rehearsing import digest
from lab.guard.turns import Busy
from lab.loose import CORRECT, Guards
from lab.outcome import Incident

__all__ = [
    "Answer",
    "Busy",
    "Change",
    "Checked",
    "Delivered",
    "Finding",
    "Model",
    "Overrun",
    "Patched",
    "Place",
    "Refused",
    "Rehearsed",
    "TurnOver",
    "ask",
    "check",
    "close",
    "deliver",
    "digest",
    "fill",
    "make",
    "patch",
    "read",
    "rehearse",
    "retry",
    "trusted",
    "values",
]

_keepers: dict[int, Keeper] = {}
_trusted: list[str | None] = []
_trying = threading.Lock()
_held_up = threading.BoundedSemaphore(policy.HELD_UP)


OFF = "SQL that people type is switched off on this server, because its SQLite {} does not keep to the guard: {}"


class Overrun(Exception):
    """Events could not be delivered, and no waiting would help: the message says why. The projection has to stop."""


class TurnOver(Exception):
    """Events took longer than they were given, and nothing of them is kept; fewer of them may do."""


# Looking


def values(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for one value each, over files that are opened read-only, by schema name, in one round trip."""
    return _keeper().values(files, statements)


def read(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for their rows, over files that are opened read-only, by schema name, in one round trip."""
    return _keeper().read(files, statements)


def ask(files: dict[str, Path], sql: str, who: str) -> Answer:
    """Answer one statement of a person, with its types and plan, or with the place of the error and what to do.

    ``who`` is the sandbox. Raise Busy, with the reason in words, if it or the house has too many waiting.
    """
    if why_not := trusted():
        return Answer("error", why_not)
    try:
        return _keeper().ask(files, sql, who)
    except Busy:
        _hold_up()
        raise


def _hold_up() -> None:
    """Let whoever is sent away hear of it later; else asking again at once would cost others more than the question."""
    if _held_up.acquire(blocking=False):
        try:
            time.sleep(policy.HELD_UP_SECONDS)
        finally:
            _held_up.release()


# Changing


def patch(read_db: Path, sql: str, line: int, pages: int) -> Patched | Refused:
    """Change rows of the read models in read.db by one statement, once for a line of the journal.

    ``pages`` is how large read.db may become.
    """
    if why_not := trusted():
        return Refused(why_not)
    return _keeper().patch(read_db, sql, line, pages)


# A read model of a learner's own


def check(model: Model, taken: Sequence[str] = (), who: str | None = None) -> Checked:
    """Say at once what will not do in a read model's file, and at which place; names ``taken`` belong to others."""
    if why_not := trusted():
        return Checked((Finding(why_not),))
    request = Check(_clean(model), tuple(taken))
    for _ in range(2):
        # Nothing is changed by looking, and a worker may be lost by no fault of the file.
        checked: Checked | None = _keeper().once(request, Checked, _seconds(policy.REHEARSAL_SECONDS), who)
        if checked is not None:
            return checked
    return Checked((Finding("it takes too long to look through"),))


def rehearse(
    model: Model, write_db: Path, last: int = policy.REHEARSED_EVENTS, who: str | None = None
) -> Rehearsed | Refused:
    """Apply the log to a read model in memory, and show what its last events change. No store is touched."""
    if why_not := trusted():
        return Refused(why_not)
    request = Rehearse(_clean(model), str(write_db), last)
    seconds = _seconds(policy.LOCK_SECONDS + 2 * policy.REHEARSAL_SECONDS)
    rehearsed: Rehearsed | Refused | None = _keeper().once(request, Rehearsed | Refused, seconds, who)
    return rehearsed or Refused("it takes too long, and was stopped")


def make(read_db: Path, model: Model, pages: int, position: int = 0, taken: Sequence[str] = ()) -> Refused | None:
    """Make the empty table of a read model in read.db, with its checkpoint; if it was there, it begins again.

    ``pages`` is how large read.db may become. What is Refused with a code is the store's trouble.
    """
    if why_not := trusted():
        return Refused(why_not)
    request = Make(str(read_db), _clean(model), position, pages, tuple(taken))
    made: Made | Refused | None = _keeper().deliver(request, Made | Refused, _seconds(policy.BATCH_SECONDS))
    return Refused("it takes too long") if made is None else made if isinstance(made, Refused) else None


def deliver(
    read_db: Path,
    model: Model,
    events: Sequence[RecordedEvent],
    now: Callable[[], int],
    pages: int,
    guards: Guards = CORRECT,
    crash: str | None = None,
    line: int = 0,
    seconds: float | None = None,
) -> Progress:
    """Deliver events to a read model in read.db in one transaction: what ``Route.deliver`` does, in the worker.

    Raise what SQLite raised if the store is in trouble, OutOfOrder if the correct projector does not take an event,
    Overrun if the projection does not come to an end, and TurnOver if it takes more than ``seconds`` of the processor.
    """
    if why_not := trusted():
        raise Overrun(why_not)
    picked_up = now()
    request = Deliver(str(read_db), _clean(model), tuple(events), guards, crash, line, pages, seconds=seconds)
    told = _deliver(request)
    if told.given_up:
        raise TurnOver
    if told.out_of_order:
        raise OutOfOrder(model.name, *told.out_of_order)
    progress = Progress(incidents=list(told.incidents), crashed=[model.name] if told.crashed else [])
    if told.moved is not None:
        progress.applied.append((model.name, *told.moved, picked_up, now()))
    return progress


def fill(
    read_db: Path,
    model: Model,
    events: Sequence[RecordedEvent],
    pages: int,
    guards: Guards = CORRECT,
    crash: str | None = None,
    line: int = 0,
    who: str | None = None,
    *,
    singly: bool = False,
    backwards: bool = False,
) -> Delivered:
    """Deliver events in a scratch store, where a read model is tried; raise what ``deliver`` raises, but OutOfOrder.

    ``singly`` and ``backwards`` are what ``lab.guard.messages.Deliver`` says of them. Raise Busy as ``ask`` does.
    """
    if why_not := trusted():
        raise Overrun(why_not)
    request = Deliver(str(read_db), _clean(model), tuple(events), guards, crash, line, pages, singly, backwards)
    return _deliver(request, who)


def retry(read_db: Path, model: Model, event: RecordedEvent, pages: int) -> Incident:
    """Apply a parked event of a read model: what ``Route.retry`` does, in the worker; raise what ``deliver`` raises."""
    if why_not := trusted():
        raise Overrun(why_not)
    told = _deliver(Deliver(str(read_db), _clean(model), (event,), CORRECT, None, 0, pages, retry=True))
    return told.incidents[0]


def _deliver(request: Deliver, who: str | None = None) -> Delivered:
    """Deliver one batch. A worker that is lost may have committed; asked again, it finds the checkpoint there."""
    seconds = _seconds(policy.LOCK_SECONDS + policy.BATCH_SECONDS)
    for _ in range(2):
        if who is None:
            told = _keeper().deliver(request, Delivered | Refused, seconds)
        else:
            told = _keeper().once(request, Delivered | Refused, seconds, who)
        if isinstance(told, Refused):
            error = sqlite3.OperationalError(told.reason)
            error.sqlite_errorcode = told.code
            raise error
        if isinstance(told, Delivered):
            return told
    raise Overrun("it takes too long: one of its statements, or all of them together")


def _seconds(computing: float) -> float:
    return computing + policy.GRACE_SECONDS


def _clean(model: Model) -> Model:
    return Model(clean(model.name), clean(model.source))


# The workers


def trusted() -> str | None:
    """Return None if this SQLite holds what the guard builds on, else why it is not trusted; found out once."""
    with _trying:
        if not _trusted:
            why_not = _tried()
            _trusted.append(why_not and OFF.format(sqlite3.sqlite_version, why_not))
        return _trusted[0]


def _tried() -> str | None:
    try:
        told = _keeper().once(Sing(), Trusted, _seconds(policy.BATCH_SECONDS))
    except OSError as error:
        return f"no worker can be started: {error}"
    return told.why_not if isinstance(told, Trusted) else "the worker did not survive being tried"


def close() -> None:
    """End the workers of this process; the next request starts others."""
    if (keeper := _keepers.pop(os.getpid(), None)) is not None:
        keeper.close()


def _keeper() -> Keeper:
    # A forked child must not talk to its parent's workers.
    pid = os.getpid()
    return _keepers.get(pid) or _keepers.setdefault(pid, Keeper())


atexit.register(close)
