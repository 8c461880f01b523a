"""What a trial says: a title and sentences for each thing that is tried."""

import re
from collections.abc import Sequence
from typing import Any

from lab.keys import text_of
from lab.trial_rows import Difference
from lab.trial_scratch import Filled

TITLES = {
    "file": "The file",
    "log": "The whole log",
    "blocks": "Not tried",
    "same": "Same twice over, and event by event",
    "order": "In whatever order rows are read",
    "twice": "Everything delivered twice",
    "crash": "A crash in the middle",
    "memory": "Without the checkpoint's protection",
    "truth": "Equal to the write store's own figures",
    "live": "The rows in read.db",
}
"""What can be tried, in the order in which it is."""

WRITE_STORE = "the write store says"
REBUILD = "a rebuild says"

NOT_THE_SAME = {
    "same": "Filled again from the same log, it has other rows: something in the file leaves a value to chance.",
    "order": "A statement leaves it to SQLite in which order rows are read, and another order gives other rows: "
    "ORDER BY would say which.",
    "twice": "Everything was delivered twice, and the second time was not left out.",
    "crash": "The projector died on the way and went on, and the rows are others.",
}


SHOWN_CHARS = 60

LARGEST = 9223372036854775807
LOT = "A row has the number 9223372036854775807, the largest there is, so SQLite draws the numbers of others by lot."

NOT_YET = "Not tried: first it has to be the same twice over."


def counted(number: int, what: str) -> str:
    """Write a number with what it counts."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


NO_ROW_YET = "Nothing to compare yet: no event in the log has a block in this file."


def nothing_tried(events: int) -> str:
    """Say that nothing came for a file."""
    if not events:
        return "Not tried: the log is empty."
    return f"Not tried: none of the {counted(events, 'event')} in the log has a block in this file."


def without_event(types: Sequence[str]) -> str:
    """Say of which blocks nothing is known."""
    came = ", ".join(types)
    block, its = ("this block", "it") if len(types) == 1 else ("these blocks", "them")
    return f"{came}: no such event is in the log, so {block} never ran, and nothing here speaks for {its}."


def on_first(events: int, said: str) -> str:
    """Say that something was tried on the beginning of a long log only."""
    return f"Tried on the first {counted(events, 'event')} of the log. {said}"


def twice(events: int) -> str:
    """Say why a second delivery changed nothing."""
    return (
        f"Still right: each of the {counted(events, 'event')} came twice, and none was applied twice. The checkpoint, "
        "which commits together with the rows, tells what was applied already."
    )


def crash(times: int) -> str:
    """Say why a crash changed nothing."""
    return (
        f"Still right: the projector died {'once' if times == 1 else counted(times, 'time')} on the way, and went on. "
        "What had not been committed never happened."
    )


def not_the_same(name: str, wrong: Difference | None, filled: Filled) -> str:
    """Say that rows came out otherwise, and which is the first of them."""
    said = [NOT_THE_SAME[name]]
    if name == "same" and any(LARGEST in row for row in filled.table.rows):
        said.append(LOT)
    if filled.stopped:
        said.append(f"It stopped{at(filled.stopped)}.")
    elif wrong:
        said.append(in_words(wrong, "the first time it said"))
    return " ".join(said)


def without_memory(stopped: str | None, wrong: Difference | None, rows: int) -> str:
    """Say what two deliveries do where nobody remembers the first: no fault of the file, but good to know."""
    asked = "For information: the checkpoint counts an event once that comes twice. Without it,"
    if stopped:
        return f"{asked} the second one would stop it{at(stopped)}. It would notice, and not go on with wrong rows."
    if wrong is None and not rows:
        return f"{asked} nothing can be told yet, as there are no rows."
    if wrong is None:
        return f"{asked} these rows would be right too: they are set to a value, and nothing is added up."
    return (
        f"{asked} these rows would be wrong: {in_words(wrong, 'right would be')} There is nothing to mend in your text."
    )


def without_columns(model: str, lacking: Sequence[str], columns: Sequence[str]) -> str:
    """Say which columns are not there."""
    missing = " and no column ".join(lacking)
    return f"The read model {model} has no column {missing}; what is compared is {', '.join(columns)}."


def other_order(stands: str, should: str) -> str:
    """Say that rows are right, but not in order."""
    return f"The rows are right, but in another order: {stands} stands where the write store has {should}."


EVENT = re.compile(r"event (\d+)(?: (\w+))?: (.*)", re.DOTALL)
"""How a checkpoint says at which event its projection stopped."""


def is_poison(stopped: str) -> bool:
    """Tell whether it was an event at which a projection stopped, and not that it takes too much."""
    return EVENT.fullmatch(stopped) is not None


def at(stopped: str) -> str:
    """Write where a projection stopped as the log does, and why: at event #6 OrderPlaced."""
    return f" at event #{stopped.removeprefix('event ')}" if is_poison(stopped) else f": {stopped}"


def position_in(stopped: str | None) -> int | None:
    """Return the position of the event at which a projection stopped, if it was one."""
    found = EVENT.fullmatch(stopped or "")
    return int(found[1]) if found else None


def stops(stopped: str) -> str:
    """Say where a projection stops, and that it is the statements that cannot apply the event."""
    found = EVENT.fullmatch(stopped)
    if found is None:
        return f"It stops: {stopped}"
    return f"Your SQL{f' for {found[2]}' if found[2] else ''} cannot apply event #{found[1]}: {found[3]}"


def up_to(position: int, said: str) -> str:
    """Say that something was tried on the events only that lie in front of the one at which it stops."""
    return f"Up to event #{position} only. {said}"


def same_as_truth(rows: int, seen: int, page: str | None) -> str:
    """Say that the write store has the same rows; the page of a task may leave some of the read model's out."""
    if page is not None and seen < rows:
        return f"The page of the task asks {page}: that is {seen:,} of {rows:,} rows, and the write store has the same."
    return f"The write store has the same {counted(seen, 'row')}."


def what_was_compared(columns: Sequence[str], left_out: Sequence[str], *, ordered: bool = False) -> str:
    """Say which columns were compared with the write store, and which nobody compared."""
    order = ", and the order of the rows" if ordered else ""
    others = f" Not compared: {', '.join(left_out)}." if left_out else ""
    return f"Compared: {', '.join(columns)}{order}.{others}"


def in_words(wrong: Difference, who: str) -> str:
    """Say what differs, and the event that did it."""
    return " ".join([_what(wrong, who), *_which_event(wrong)])


def _what(wrong: Difference, who: str) -> str:
    label = label_of(wrong)
    if wrong.says is None:
        return f"{label} is missing."
    if wrong.should is None:
        return f"{label} should not be there."
    if wrong.times > 1:
        return f"{label} is there {wrong.times} times."
    column = wrong.wrong or wrong.columns[0]
    number = wrong.columns.index(column)
    says, should = wrong.says[number], wrong.should[number]
    said, right = shown(says), shown(should)
    if said == right or str(says) == str(should):
        said, right = f"{said} ({kind_of(says)})", f"{right} ({kind_of(should)})"
    return f"{label}: {column} is {said}, {who} {right}."


def _which_event(wrong: Difference) -> list[str]:
    about = wrong.event
    if about is None:
        return []
    came = f"event #{about.position} {about.type}"
    if about.exact:
        nothing = "" if about.handled else ", for which the file has no block"
        return [f"It was right until {came} came{nothing}."]
    nothing = "" if about.handled else "; the file has no block for it"
    return [f"The last event about it: {came.removeprefix('event ')}{nothing}."]


def label_of(wrong: Difference) -> str:
    """Name a row as a person would: by a name that it has, and by its key."""
    row = wrong.should or wrong.says or ()
    key = text_of(tuple(shown(value) for value in wrong.key))
    wanted = {"name", *(f"{column.removesuffix('_id')}_name" for column in wrong.named)} - set(wrong.named)
    names = [value for column, value in zip(wrong.columns, row, strict=True) if column in wanted]
    return f"{shown(names[0])} ({key})" if names and isinstance(names[0], str) else key


def shown(value: Any) -> str:
    """Write a value as it stands in its column."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}…"
    if isinstance(value, bytes):
        return f"x'{value[:SHOWN_CHARS].hex()}'"
    return repr(value)


KINDS = {int: "an integer", float: "a real number", str: "a text", bytes: "a blob"}


def kind_of(value: Any) -> str:
    """Say of which type a value is, where it cannot be seen."""
    return KINDS.get(type(value), "NULL")
