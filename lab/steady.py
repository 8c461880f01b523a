"""The line ``trial``: is a read model of one's own steady, and are its live rows what a rebuild would give?

The trial itself touches no store and may wait for the guard, so it runs outside the sandbox's lock.
"""

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from cqrs.read.projection import Projection
from cqrs.sql import connect_read_only
from lab import guard
from lab.actions import TryOut
from lab.oracle import causes_of
from lab.outcome import CannotDo, Done, Line
from lab.own_deeds import not_own
from lab.projections import BUILT_IN
from lab.stores import Stores
from lab.trial import try_on
from lab.trial_log import Log
from lab.trial_scratch import table
from lab.trial_told import Live, Trial, Tried
from lab.trial_words import counted

NOT_AGAIN = "kept, and not tried again: it changes neither store; try it to see what comes of it now"


@dataclass(frozen=True, slots=True)
class Subject:
    """A read model as it stands: its text, the log, and its live rows."""

    model: guard.Model
    projection: Projection
    log: Log
    live: Live


def _wanted(stores: Stores, name: str) -> Projection:
    """Return the projection of a read model of one's own; raise CannotDo if there is none of that name now."""
    projection = stores.projection(name)
    if name in BUILT_IN:
        raise CannotDo(f"{name} is built in; a trial is for a read model of your own, such as a copy of it")
    if not stores.is_own(name) or projection is None:
        raise CannotDo(not_own(stores, name))
    if name not in stores.checkpoints():
        raise CannotDo(f"there is no read model {name} now; this line brings it back: model add {name}")
    return projection


def subject(stores: Stores, name: str) -> Subject:
    """Look at a read model of one's own as it stands now; raise CannotDo if there is none of that name."""
    projection = _wanted(stores, name)
    with closing(connect_read_only(stores.read_db.path)) as read:
        read.execute("BEGIN")
        position = read.execute("SELECT position FROM _checkpoint WHERE name = ?", (name,)).fetchone()[0]
        live = Live(table(read, name), position)
    log = Log.read(stores.folder / "write.db")
    return Subject(guard.Model(name, projection.source), projection, log, live)


def trial(found: Subject, who: str) -> Trial:
    """Try it; raise guard.Busy."""
    return try_on(found.model, found.log, live=found.live, who=who)


def done(stores: Stores, found: Subject, trial: Trial) -> Done:
    """Say how a trial ended, as the journal keeps it."""
    trial = replace(trial, tried=with_causes(stores, found, trial))
    return Done(reason=summary(trial), result=as_json(trial))


def with_causes(stores: Stores, found: Subject, trial: Trial) -> tuple[Tried, ...]:
    """Return what was tried, with what befell a live row that is wrong."""
    return tuple(_with_cause(stores, found, entry) for entry in trial.tried)


def _with_cause(stores: Stores, found: Subject, entry: Tried) -> Tried:
    """Add to a live row that is wrong what befell it; the journal knows."""
    if entry.name != "live" or entry.difference is None:
        return entry
    key = entry.difference.key
    return replace(entry, said=f"{entry.said} Why: {causes_of(stores, found.projection, {key})[key].words}.")


def keep(stores: Stores, action: TryOut, line: Line) -> Done:
    """Keep a line whose trial is not known: it is replayed, or the server died before it was over."""
    _wanted(stores, action.model)
    return Done(reason=NOT_AGAIN)


def summary(trial: Trial) -> str:
    """Say in a sentence how a trial ended."""
    failed = next((entry for entry in trial.tried if entry.passed is False), None)
    if failed is not None:
        return (
            f"{trial.model} is not steady: {failed.said}" if failed.name != "live" else f"{trial.model}: {failed.said}"
        )
    if not trial.ran:
        return f"{trial.model} was not tried: no event in the log has a block in its file"
    tried = counted(sum(entry.passed is not None for entry in trial.tried), "thing")
    untried = f"; not tried: the block of {', '.join(trial.untried)}" if trial.untried else ""
    return f"{trial.model} is steady: {tried} tried on {counted(trial.events, 'event')}, and none failed{untried}"


def as_json(trial: Trial) -> dict[str, Any]:
    """Return a trial as scripts get it: what was tried, and what was said; no rows."""
    return {
        "model": trial.model,
        "good": trial.good,
        "head": trial.head,
        "events": trial.events,
        "rows": trial.rows,
        "work": trial.work,
        "digests": list(trial.digests),
        "tried": [
            {"name": entry.name, "title": entry.title, "passed": entry.passed, "said": entry.said}
            for entry in trial.tried
        ],
    }
