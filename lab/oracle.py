"""The oracle: where does a read model say something that the write tables do not, though nothing is pending?

Being behind is lag. What differs although every event about the row has come by is drift. The oracle compares with
figures from the write tables (``lab/truth``); a second fold of the log would repeat the first one's mistake.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from lab import truth, truth_own
from lab.dual import split_orders
from lab.fault_actions import Oracle
from lab.keys import Key, key_of, keys_of, text_of
from lab.outcome import CannotDo, Done, Line
from lab.own import is_own, shown
from lab.stores import Stores
from lab.trial_rows import Difference, differences
from lab.truth_own import Compared, Unknown
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

ITS_TEXT = "nothing befell its events on their way, so it is its text; “Is it true?” in the editor names the event"


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
    found = {name: judged(stores, name) for name in names}
    known = {name: wrongs for name, wrongs in found.items() if not isinstance(wrongs, Unknown)}
    result = {name: [asdict(wrong) for wrong in known[name]] if name in known else None for name in names}
    said = [f"{name}: {in_words(wrongs[0])}" for name, wrongs in known.items() if wrongs]
    split = split_orders(stores)
    if split and action.model == "all":
        result["dual_orders"] = [{"key": order, "position": position} for order, position in split]
        said.append(f"dual_orders: order {split[0][0]} is missing, the server died between the two stores")
    if known and not said:
        said.append(f"no drift in {', '.join(known)}")
    said += [f"{name} is not known: {why.why}" for name, why in found.items() if isinstance(why, Unknown)]
    return Done(reason="; ".join(said) or "no drift in any read model", result=result)


def in_words(wrong: Drift) -> str:
    """Say what is wrong, and why."""
    if wrong.column is None:
        said = f"{wrong.key} is missing" if wrong.says is None else f"{wrong.key} should not be there"
    else:
        said = f"{wrong.key} says {wrong.column} {wrong.says}, the write store says {wrong.truth}"
    return f"{said}: {wrong.cause.words}"


def drift(stores: Stores, name: str) -> list[Drift]:
    """Return every value of a read model that is known to differ from the truth."""
    found = judged(stores, name)
    return [] if isinstance(found, Unknown) else found


def judged(stores: Stores, name: str) -> list[Drift] | Unknown:
    """Return every value that differs from the truth and is no lag; or say why that is not known."""
    projection = stores.projection(name)
    if projection is None:
        return Unknown(f"there is no text of {name}")
    if (why := truth_own.unknown(stores, projection)) is not None:
        return why
    if is_own(projection):
        return stores.once(f"the drift of {name}", lambda: _own(stores, projection))
    return _built_in(stores, projection)


def _own(stores: Stores, projection: Projection) -> list[Drift]:
    """Compare what the page of a task shows; nothing is pending where that is done."""
    found = truth_own.compared(stores, projection)
    assert isinstance(found, Compared)
    wrong = list(differences(found.seen, found.told, found.truth.key))
    if not wrong and (places := found.truth.disordered(found.seen, found.told)):
        stands, should = places
        return [
            Drift(stands, "place in the order", stands, should, _of_its_text(_without_event(stores, projection.name)))
        ]
    causes = causes_of(stores, projection, {each.key for each in wrong})
    return [
        Drift(str(shown(text_of(each.key))), column, says, right, _of_its_text(causes[each.key]))
        for each in wrong
        for column, says, right in _values(each)
    ]


def _values(wrong: Difference) -> Iterable[tuple[str | None, Any, Any]]:
    """Yield what differs in a row: column, what it says, what is true."""
    says, should = _named(wrong, wrong.says), _named(wrong, wrong.should)
    if says is None or should is None:
        yield None, says, should
    elif wrong.times > 1:
        yield "rows of this key", wrong.times, 1
    else:
        yield from ((column, says[column], should[column]) for column in wrong.all_wrong)


def _named(wrong: Difference, row: tuple[Any, ...] | None) -> dict[str, Any] | None:
    return None if row is None else dict(zip(wrong.columns, map(shown, row), strict=True))


def _of_its_text(cause: Cause) -> Cause:
    """Return the cause of what befell no event on its way: that can only be the text."""
    return cause if cause.what != "unknown" else Cause(0, "text", ITS_TEXT)


def _built_in(stores: Stores, projection: Projection) -> list[Drift]:
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
    start = stores.remembered.started_at(name)
    if start:
        befell.append((1, start, "before", f"came before this read model: it began at #{start}"))
    return befell
