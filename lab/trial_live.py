"""The rows of a read model as they stand in read.db, beside those that its text gives when it is filled anew.

They are judged as they are. What befell them on their way is no fault of the text, and a rebuild mends it; and where a
text is wrong, rows that are what it gives are wrong too.
"""

from cqrs.read.projection import Projection
from lab import guard
from lab.trial_difference import REBUILD, in_words
from lab.trial_log import Log
from lab.trial_rows import differences
from lab.trial_scratch import Filled, Scratch
from lab.trial_told import Live, Tried
from lab.trial_words import as_rebuilt, cannot_follow, nothing_came

OTHER_TEXT = "They are still those of another text."


def judged(
    live: Live, log: Log, whole: Filled, scratch: Scratch, projection: Projection, *, text_true: bool | None
) -> Tried:
    """Compare the live rows with those of a rebuild to the same event; ``text_true`` is what came of the text."""
    rebuilt = whole
    if live.position != rebuilt.position:
        rebuilt = scratch.empty().on(log.events[: live.position]).filled()
    if live.table.columns != rebuilt.table.columns:
        return Tried("live", False, OTHER_TEXT)
    if rebuilt.position < live.position:
        return Tried("live", None, cannot_follow(live.position, rebuilt.position))
    if guard.digest(live.table.rows) == rebuilt.digest:
        return _the_same(live, log, projection, text_true=text_true)
    wrong = next(differences(live.table, rebuilt.table, projection.key), None)
    said = f"As of event #{live.position}, {in_words(wrong, REBUILD)}" if wrong else "A rebuild gives others."
    return Tried("live", False, said, wrong)


def _the_same(live: Live, log: Log, projection: Projection, *, text_true: bool | None) -> Tried:
    if not any(event.type in projection.on for event in log.events[: live.position]):
        return Tried("live", None, nothing_came(live.position))
    to_come, wrong = len(log.events) - live.position, text_true is False
    return Tried("live", None if wrong else True, as_rebuilt(live.position, to_come, wrong=wrong))
