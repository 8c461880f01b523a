"""Read models of learners' own, from the server's side: a worker looks them over, tries, makes and keeps them up."""

from collections.abc import Callable, Sequence
from pathlib import Path

from cqrs.events import RecordedEvent
from cqrs.read.projector import OutOfOrder
from lab.delivery import Progress
from lab.guard import policy
from lab.guard.keeper import clean
from lab.guard.messages import (
    Check,
    Checked,
    Deliver,
    Delivered,
    Finding,
    Made,
    Make,
    Model,
    Refused,
    Rehearse,
    Rehearsed,
)
from lab.guard.workers import the_keeper, trusted, within
from lab.loose import CORRECT, Guards
from lab.outcome import Incident


class Overrun(Exception):
    """Events could not be delivered, and no waiting would help: the message says why. The projection has to stop."""


class TurnOver(Exception):
    """Events took longer than they were given, and nothing of them is kept; fewer of them may do."""


def check(model: Model, taken: Sequence[str] = (), who: str | None = None) -> Checked:
    """Say at once what will not do in a read model's file, and at which place; names ``taken`` belong to others."""
    if why_not := trusted():
        return Checked((Finding(why_not),))
    request = Check(_clean(model), tuple(taken))
    for _ in range(2):
        # Nothing is changed by looking, and a worker may be lost by no fault of the file.
        checked: Checked | None = the_keeper().once(request, Checked, within(policy.REHEARSAL_SECONDS), who)
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
    seconds = within(policy.LOCK_SECONDS + 2 * policy.REHEARSAL_SECONDS)
    rehearsed: Rehearsed | Refused | None = the_keeper().once(request, Rehearsed | Refused, seconds, who)
    return rehearsed or Refused("it takes too long, and was stopped")


def make(read_db: Path, model: Model, pages: int, position: int = 0, taken: Sequence[str] = ()) -> Refused | None:
    """Make the empty table of a read model in read.db, with its checkpoint; if it was there, it begins again.

    ``pages`` is how large read.db may become. What is Refused with a code is the store's trouble.
    """
    if why_not := trusted():
        return Refused(why_not)
    request = Make(str(read_db), _clean(model), position, pages, tuple(taken))
    made: Made | Refused | None = the_keeper().deliver(request, Made | Refused, within(policy.BATCH_SECONDS))
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
    seconds = within(policy.LOCK_SECONDS + policy.BATCH_SECONDS)
    for _ in range(2):
        if who is None:
            told = the_keeper().deliver(request, Delivered | Refused, seconds)
        else:
            told = the_keeper().once(request, Delivered | Refused, seconds, who)
        if isinstance(told, Refused):
            raise told.error
        if isinstance(told, Delivered):
            return told
    raise Overrun("it takes too long: one of its statements, or all of them together")


def _clean(model: Model) -> Model:
    return Model(clean(model.name), clean(model.source))
