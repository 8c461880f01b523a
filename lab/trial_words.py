"""What a trial says: a title and sentences for each thing that is tried."""

import re
from collections.abc import Mapping, Sequence

from lab.trial_difference import in_words
from lab.trial_rows import Difference
from lab.trial_scratch import Filled

TITLES = {
    "file": "The file",
    "log": "The whole log",
    "blocks": "Not tried",
    "passed_by": "Passed by",
    "same": "Same twice over, and event by event",
    "order": "In whatever order rows are read",
    "twice": "Everything delivered twice",
    "crash": "A crash in the middle",
    "memory": "Delivered twice, and nothing remembered",
    "truth": "Filled anew, as the write store says",
    "beside": "Columns that the task does not ask for",
    "live": "The rows in read.db",
}
"""What can be tried, in the order in which it is."""

NOT_THE_SAME = {
    "same": "Filled again from the same log, it has other rows: something in the file leaves a value to chance.",
    "order": "A statement leaves it to SQLite in which order rows are read, and another order gives other rows: "
    "ORDER BY would say which.",
    "twice": "Everything was delivered twice, and the second time was not left out.",
    "crash": "The projector died on the way and went on, and the rows are others.",
}


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


def no_block(came: Mapping[str, int], others: Sequence[str]) -> str:
    """Say which types of event a file has no block for: how many of each have come, and of which none has."""
    said = []
    if came:
        said.append(f"No block for {', '.join(f'{type} ({number:,} in the log)' for type, number in came.items())}.")
    if others:
        said.append(f"No block for {', '.join(others)}; no such event is in the log.")
    return f"{' '.join(said)} They pass it by: no row changes."


def on_first(events: int, said: str) -> str:
    """Say that something was tried on the beginning of a long log only."""
    return f"Tried on the first {counted(events, 'event')} of the log. {said}"


def twice(events: int) -> str:
    """Say why a second delivery changed nothing; whether the rows are right is another question."""
    return (
        f"The same rows: each of the {counted(events, 'event')} came twice, and none was applied twice. "
        "The checkpoint, which commits together with the rows, tells what was applied already."
    )


def crash(times: int) -> str:
    """Say why a crash changed nothing."""
    return (
        f"The same rows: the projector died {'once' if times == 1 else counted(times, 'time')} on the way, "
        "and went on. What had not been committed never happened."
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
        return f"{asked} the rows would be the same: they are set to a value, and nothing is added up."
    return (
        f"{asked} an event that comes twice is applied twice: {in_words(wrong, 'applied once each it is')} "
        "That is no fault of your text."
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
    it = "it" if len(left_out) == 1 else "them"
    others = f" Not compared: {', '.join(left_out)}, as the task does not ask for {it}." if left_out else ""
    return f"Compared: {', '.join(columns)}{order}.{others}"


def nothing_came(position: int) -> str:
    """Say why the live rows were compared with nothing: no event has come that could have made one."""
    if not position:
        return "It stands at event #0: no event has been applied here yet, so nothing was compared."
    return f"It stands at event #{position:,}, and no event up to there has a block in this file: nothing was compared."


def cannot_follow(position: int, reached: int) -> str:
    """Say why the live rows cannot be compared: a rebuild does not come as far."""
    return f"They stand at event #{position:,}, and filled anew it comes to #{reached:,} only: nothing was compared."


def as_rebuilt(position: int, to_come: int, *, wrong: bool) -> str:
    """Say that the live rows are those of a rebuild, and that they are wrong where the text is."""
    said = f"They are what a rebuild gives, as of event #{position:,}"
    if to_come:
        return f"{said}; {counted(to_come, 'event')} {'is' if to_come == 1 else 'are'} still to come."
    return f"{said}, so they are wrong in the same way." if wrong else f"{said}."
