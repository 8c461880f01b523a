"""A trial: does a read model of one's own tell the truth, and would it on a bad day too?

It is filled from a log in a scratch store, again and again, each time in another way, and every time the same rows
must come out: rebuilt twice, event by event, with each event delivered twice, and with a projector that dies on the
way. If the truth is known as a SELECT over the write tables, the rows are compared with that too.

Every statement of the learner's runs in the guard's worker. Whatever decides is counted, never timed.
"""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cqrs.read.projection import parse
from lab import guard
from lab.guard import policy
from lab.guard.turns import CROWDED
from lab.trial_log import Log
from lab.trial_rows import Difference, differences
from lab.trial_scratch import Filled, Scratch
from lab.trial_truth import Truth
from lab.trial_words import (
    TITLES,
    WRITE_STORE,
    counted,
    crash,
    event,
    in_words,
    not_the_same,
    twice,
    without_columns,
    without_memory,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried: ``passed`` is None where it only informs, or could not be tried.

    ``name`` is one of ``lab.trial_words.TITLES``, ``said`` a sentence. Where rows differ, ``difference`` is the first
    of them, with the event that did it.
    """

    name: str
    passed: bool | None
    said: str
    difference: Difference | None = None

    @property
    def title(self) -> str:
        """What stands above the sentence."""
        return TITLES[self.name]


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a read model: one entry for each thing that was tried, in order.

    ``events`` is how many it applied of the ``head`` that the log has, ``rows`` what it had then, ``work`` what one
    rebuild took in work units. ``digests`` are those of both rebuilds and of the rows that came event by event.
    """

    model: str
    head: int
    events: int
    rows: int
    work: int
    digests: tuple[str, ...]
    tried: tuple[Tried, ...]

    @property
    def good(self) -> bool:
        """Tell whether nothing that was tried has failed."""
        return all(entry.passed is not False for entry in self.tried)

    @property
    def failed(self) -> tuple[str, ...]:
        """Name what has failed."""
        return tuple(entry.name for entry in self.tried if entry.passed is False)

    def __getitem__(self, name: str) -> Tried:
        return next(entry for entry in self.tried if entry.name == name)


def try_out(model: guard.Model, log: Path, truth: Truth | None = None, who: str | None = None) -> Trial:
    """Try a read model on a log (a write.db, which is only read), with the truth if it is known.

    ``who`` is the sandbox. Raise guard.Busy, with the reason in words, if too many are being tried.
    """
    checked = guard.check(model, who=who)
    if checked.findings:
        finding = checked.findings[0]
        said = f"{finding.said[0].upper()}{finding.said[1:]}." + (f" {finding.hint}" if finding.hint else "")
        return Trial(model.name, 0, 0, 0, 0, (), (Tried("file", False, said),))
    with _turn(), tempfile.TemporaryDirectory(prefix="lagoon-trial-") as folder:
        return _Trying(model, Log.read(log), Path(folder), truth).trial()


_turns = threading.BoundedSemaphore(policy.TRIALS_AT_ONCE)


@contextmanager
def _turn() -> Iterator[None]:
    """Let a few trials run at once, so that they do not keep the house's projectors from the guard."""
    if not _turns.acquire(blocking=False):
        raise guard.Busy(CROWDED)
    try:
        yield
    finally:
        _turns.release()


class _Trying:
    """One trial on its way."""

    def __init__(self, model: guard.Model, log: Log, folder: Path, truth: Truth | None) -> None:
        self.model, self.log, self.truth, self.folder = model, log, truth, folder
        self.projection = parse(model.name, model.source)
        self.scratch = Scratch(folder / "read.db", model)

    def trial(self) -> Trial:
        first = self.scratch.fill(self.log.events)
        taken = self.log.events[: first.position]
        tried = [Tried("file", True, "Its file can be added."), self._whole_log(first)]
        digests: tuple[str, ...] = ()
        if taken:
            same, digests = self._same(first, taken)
            tried += [same, self._order(first, taken), self._twice(first, taken), self._crash(first, taken)]
            tried += [self._no_memory(first, taken)]
        if self.truth is not None:
            tried += [self._true(first)]
        head, rows = len(self.log.events), len(first.table.rows)
        return Trial(self.model.name, head, first.position, rows, first.work, digests, tuple(tried))

    def _whole_log(self, first: Filled) -> Tried:
        if first.stopped:
            return Tried("log", False, f"It stops at {event(first.stopped)}.")
        if not self.log.events:
            return Tried("log", True, "The log is empty, so there is nothing to apply yet.")
        return Tried("log", True, f"It takes all {counted(len(self.log.events), 'event')} of the log.")

    def _same(self, first: Filled, events: Sequence[Any]) -> tuple[Tried, tuple[str, ...]]:
        """Fill it a second time, and a third time event by event."""
        others = [self.scratch.fill(events), self.scratch.fill(events, singly=True)]
        digests = tuple(guard.digest(filled.table.rows) for filled in (first, *others))
        if len(set(digests)) == 1:
            said = (
                f"Built twice, and filled event by event: three times the same {counted(len(first.table.rows), 'row')}."
            )
            return Tried("same", True, said), digests
        other = next(filled for filled, digest in zip(others, digests[1:], strict=True) if digest != digests[0])
        return self._unlike("same", first, other, events), digests

    def _order(self, first: Filled, events: Sequence[Any]) -> Tried:
        """Fill it while SQLite reads rows the other way round, wherever a statement names no order."""
        filled = self.scratch.fill(events, backwards=True)
        if filled.table == first.table:
            return Tried("order", True, "Its rows do not hang on the order in which SQLite happens to read.")
        return self._unlike("order", first, filled, events)

    def _twice(self, first: Filled, events: Sequence[Any]) -> Tried:
        """Deliver everything twice to the correct projector."""
        filled = self.scratch.twice(events)
        if filled.table == first.table:
            return Tried("twice", True, twice(len(events)))
        return self._unlike("twice", first, filled, events)

    def _crash(self, first: Filled, events: Sequence[Any]) -> Tried:
        filled, deaths = self.scratch.dying(events)
        if filled.table == first.table:
            return Tried("crash", True, crash(deaths))
        return self._unlike("crash", first, filled, events)

    def _no_memory(self, first: Filled, events: Sequence[Any]) -> Tried:
        """Deliver everything twice to a projector without a memory. That is a learner's choice, so it only informs."""
        filled = self.scratch.forgetful(events)
        wrong = next(differences(filled.table, first.table, self.projection.key), None)
        return Tried("memory", None, without_memory(filled.stopped, wrong), wrong)

    def _unlike(self, name: str, first: Filled, other: Filled, events: Sequence[Any]) -> Tried:
        wrong = next(differences(other.table, first.table, self.projection.key), None)
        return Tried(name, False, not_the_same(name, wrong, other.stopped), wrong)

    def _true(self, first: Filled) -> Tried:
        assert self.truth is not None
        if first.stopped:
            return Tried("truth", None, "Not compared: it has to take the whole log first.")
        told = self.truth.of(self.log.path)
        if lacking := self.truth.missing(first.table, told):
            return Tried("truth", False, without_columns(self.model.name, lacking, told.columns))
        wrong = self.truth.first(first.table, told)
        if wrong is None:
            return Tried("truth", True, f"The write store has the same {counted(len(told.rows), 'row')}.")
        wrong = self.truth.blame(wrong, self.log, self.model, self.folder)
        return Tried("truth", False, in_words(wrong, WRITE_STORE), wrong)
