"""The oracle: where does a read model say something that the write tables do not, though nothing is pending?

Being behind is lag. What differs although every event about the row has come by is drift. The oracle compares with
figures from the write tables (``lab/truth``); a second fold of the log would repeat the first one's mistake.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from lab import truth
from lab.dual import split_orders
from lab.fault_actions import Oracle
from lab.keys import Key, key_of, keys_of, text_of
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores
from lab.values import closest

DAMAGE = {
    "crashed": "was applied, the projector died at {point} before the checkpoint had moved, and it was applied again",
    "again": "was delivered and applied a second time",
    "early": "was applied before its turn",
    "late": "was applied after events that came later",
    "skipped": "was skipped: {detail}",
    "parked": "is parked: {detail}",
    "held": "is parked: it {detail}",
    "stopped": "was applied, the projector met an error before the checkpoint had moved, and it was applied again",
    "edited": "was changed by hand: {detail}",
}
"""What can have befallen an event so that a row is wrong, and how to say it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that explains a row's drift, and what befell it; position 0 if nothing is known."""

    position: int
    what: str
    words: str


@dataclass(frozen=True, slots=True)
class Drift:
    """One value that is wrong: column None stands for the whole row, which is missing or should not be there."""

    key: str
    column: str | None
    says: Any
    truth: Any
    cause: Cause


def oracle(stores: Stores, action: Oracle, line: Line) -> Done:
    """Compare one read model, or all, with the write tables."""
    there = stores.checkpoints()
    if action.model != "all" and action.model not in there:
        raise CannotDo(f"there is no read model {action.model} now; {closest(action.model, there)}")
    names = list(there) if action.model == "all" else [action.model]
    found = {name: drift(stores, name) for name in names}
    result = {name: [asdict(wrong) for wrong in wrongs] for name, wrongs in found.items()}
    said = [f"{name}: {in_words(wrongs[0])}" for name, wrongs in found.items() if wrongs]
    split = split_orders(stores)
    if split and action.model == "all":
        result["dual_orders"] = [{"key": order, "position": position} for order, position in split]
        said.append(f"dual_orders: order {split[0][0]} is missing, the server died between the two stores")
    compared, unknown = ([name for name in names if (truth.source(name) is None) is lacks] for lacks in (False, True))
    if compared and not said:
        said.append(f"no drift in {', '.join(compared)}")
    if unknown:
        said.append(f"no truth to compare {', '.join(unknown)} with: nobody wrote how the write tables answer it")
    return Done(reason="; ".join(said) or "no drift in any read model", result=result)


def in_words(wrong: Drift) -> str:
    """Say what is wrong, and why."""
    if wrong.column is None:
        said = f"{wrong.key} is missing" if wrong.says is None else f"{wrong.key} should not be there"
    else:
        said = f"{wrong.key} says {wrong.column} {wrong.says}, the write store says {wrong.truth}"
    return f"{said}: {wrong.cause.words}"


def drift(stores: Stores, name: str) -> list[Drift]:
    """Return every value of a read model that differs from the truth though no pending event speaks of its row."""
    projection = stores.projection(name)
    if projection is None or truth.source(name) is None:
        return []
    pending = pending_keys(stores, projection)
    says = {key: row for key, row in _rows(stores, projection).items() if key not in pending}
    true_rows = truth.rows(stores.write.connection, projection, limit=-1)
    true = {key: row for row in true_rows if (key := key_of(row, projection.key)) not in pending}
    wrong = list(_differences(says, true))
    causes = causes_of(stores, projection, {key for key, *_ in wrong})
    return [Drift(text_of(key), column, told, right, causes[key]) for key, column, told, right in wrong]


def pending_keys(stores: Stores, projection: Projection) -> set[Key]:
    """Name the rows that events behind the checkpoint speak of: what differs there may be lag."""
    after = stores.write.events_after(stores.read.position(projection.name), -1)
    return {key for event in after for key in keys_of(event, projection.key)}


def _rows(stores: Stores, projection: Projection) -> dict[Key, dict[str, Any]]:
    cursor = stores.reader.execute(f'SELECT * FROM "{projection.name}"')
    columns = [column[0] for column in cursor.description]
    rows = (dict(zip(columns, values, strict=True)) for values in cursor)
    return {key_of(row, projection.key): row for row in rows}


def _differences(
    says: dict[Key, dict[str, Any]], true: dict[Key, dict[str, Any]]
) -> Iterable[tuple[Key, str | None, Any, Any]]:
    for key in sorted({*says, *true}, key=repr):
        if key not in says:
            yield key, None, None, true[key]
        elif key not in true:
            yield key, None, says[key], None
        else:
            for column, right in true[key].items():
                if says[key][column] != right:
                    yield key, column, says[key][column], right


def causes_of(stores: Stores, projection: Projection, keys: set[Key]) -> dict[Key, Cause]:
    """Find, for each row, the event about it that something befell on its way."""
    causes = dict.fromkeys(keys, _without_event(stores, projection.name))
    if keys:
        befell = _befell(stores, projection.name)
        for event in stores.write.events_after(0, stores.read.position(projection.name)):
            cause = _cause(event, befell)
            for key in keys_of(event, projection.key) if cause else ():
                if key in causes and causes[key].position == 0 and cause is not None:
                    causes[key] = cause
    return causes


def _without_event(stores: Stores, name: str) -> Cause:
    """Return the cause of what no event explains: the newest change by hand, if there was one."""
    row = stores.journal.connection.execute(
        "SELECT detail FROM incidents WHERE projection = ? AND n > ? AND what = 'edited' ORDER BY id DESC",
        (name, stores.journal.begun(name)),
    ).fetchone()
    if row is None:
        return Cause(0, "unknown", "no event on record explains it; was the row changed by hand?")
    return Cause(0, "edited", f"{name} {DAMAGE['edited'].format(detail=row[0])}")


def _cause(event: RecordedEvent, befell: list[tuple[int, int, str, str]]) -> Cause | None:
    for first, last, what, words in befell:
        if first <= event.position <= last:
            return Cause(event.position, what, f"event #{event.position} {event.type} {words}")
    return None


def _befell(stores: Stores, name: str) -> list[tuple[int, int, str, str]]:
    """Return what befell events on their way to a read model since it was made: (first, last, what, words)."""
    begun = stores.journal.begun(name)
    befell = [
        (first, last, what, DAMAGE[what].format(point=point, detail=detail))
        for what, first, last, point, kept, detail in stores.journal.connection.execute(
            "SELECT what, first, last, point, kept, detail FROM incidents"
            " WHERE projection = ? AND n > ? AND what <> 'edited' ORDER BY id",
            (name, begun),
        )
        if what in DAMAGE and (what not in ("crashed", "stopped") or (kept and point != "after_commit"))
    ]
    start = stores.started_at(name)
    if start:
        befell.append((1, start, "before", f"came before this read model: it began at #{start}"))
    return befell
