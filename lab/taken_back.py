"""What undo and reset say: what was taken back, and what of the learner's own read models is gone or there again."""

from collections.abc import Mapping, Sequence

from lab.journal import Entry
from lab.stores import Stores

Own = Mapping[str, tuple[str, bool]]
"""The learner's own read models: the text of each, and whether it is in the read store."""


def own(stores: Stores) -> Own:
    """Return the learner's own read models as they are now."""
    there = stores.checkpoints()
    return {name: (text, name in there) for name, text in stores.own().items()}


def line(n: int, dropped: Sequence[Entry]) -> str:
    """Say which line of the learner's was taken back; the projector's lines behind it are not the learner's."""
    said = f"taken back: {next(entry.line for entry in dropped if entry.n == n)}"
    others = sum(entry.origin == "traffic" for entry in dropped)
    return f"{said}; {counted(others)} of the shoppers after it went too" if others else said


def counted(lines: int) -> str:
    """Write a number of lines."""
    return f"{lines:,} {'line' if lines == 1 else 'lines'}"


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
