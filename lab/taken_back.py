"""What undo and reset take back, and what they say of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lab.actions import Reset, Undo
from lab.journal import Entry, Journal
from lab.outcome import CannotDo
from lab.stores import Stores


class Cut(NamedTuple):
    """A journal in two: what is taken back of it, and what stays; and what is said of that."""

    dropped: list[Entry]
    kept: list[Entry]
    said: str


LOOKED = ("sql ", "trial ")
"""How the lines begin that only looked."""


def next_line(lab: Journal) -> str | None:
    """Return the line that undo would take back now."""
    row = lab.connection.execute(
        "SELECT line FROM journal WHERE origin = 'learner' AND NOT (line LIKE ? OR line LIKE ?)"
        " ORDER BY n DESC LIMIT 1",
        [f"{verb}%" for verb in LOOKED],
    ).fetchone()
    return row[0] if row else None


def cut(action: Undo | Reset, entries: Sequence[Entry], clock: str) -> Cut:
    """Cut a journal: behind the learner's last line that changed something, or at its beginning.

    Raise CannotDo if there is no such line.
    """
    if isinstance(action, Reset):
        dropped = [entry for entry in entries if entry.n >= 1]
        return Cut(dropped, [entry for entry in entries if entry.n < 1], f"{_counted(len(dropped))} dropped")
    # A question and a trial changed nothing, so there is nothing of them to take back.
    looked = {entry.n for entry in entries if entry.line.startswith(LOOKED)}
    mine = [entry.n for entry in entries if entry.origin == "learner" and entry.n not in looked]
    if not mine:
        nothing = "what you asked changed nothing" if looked else "you have not done anything yet"
        raise CannotDo(f"there is nothing to undo: {nothing}")
    first = _begin_of(mine[-1], entries, clock)
    kept = [entry for entry in entries if entry.n < first or entry.line.startswith("sql ")]
    dropped = [entry for entry in entries if entry.n >= first and not entry.line.startswith("sql ")]
    return Cut(dropped, kept, _taken_back(mine[-1], dropped))


def _begin_of(n: int, entries: Sequence[Entry], clock: str) -> int:
    """Return where a line begins: on a manual clock the projector only runs when a query asked it to."""
    by_projector = {entry.n for entry in entries if entry.origin == "projector"}
    while clock == "manual" and n - 1 in by_projector:
        n -= 1
    return n


def _taken_back(n: int, dropped: Sequence[Entry]) -> str:
    """Say which line of the learner's was taken back; the projector's lines behind it are not the learner's."""
    said = f"taken back: {next(entry.line for entry in dropped if entry.n == n)}"
    others = sum(entry.origin == "traffic" for entry in dropped)
    return f"{said}; {_counted(others)} of the shoppers after it went too" if others else said


def _counted(lines: int) -> str:
    return f"{lines:,} {'line' if lines == 1 else 'lines'}"


Own = Mapping[str, tuple[str, bool]]
"""The learner's own read models: the text of each, and whether it is in the read store."""


def own(stores: Stores) -> Own:
    """Return the learner's own read models as they are now."""
    there = stores.checkpoints()
    return {name: (text, name in there) for name, text in stores.own().items()}


def of_ones_own(before: Own, after: Own) -> str:
    """Say what of one's own is gone, there again, or another than before; nothing if all is as it was."""
    both = before.keys() & after.keys()
    told = {
        "gone": before.keys() - after.keys(),
        "there again": {*(after.keys() - before.keys()), *(n for n in both if after[n][1] and not before[n][1])},
        "out of the read store again": {n for n in both if before[n][1] and not after[n][1]},
        "with the text before": {n for n in both if before[n][0] != after[n][0]},
    }
    return "".join(f"; {said}, of your own read models: {', '.join(sorted(n))}" for said, n in told.items() if n)
