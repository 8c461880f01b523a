"""A trial: does a read model of one's own tell the truth, and would it on a bad day too?

It is filled from a log in a scratch store, again and again, each time in another way, and every time the same rows
must come out: rebuilt twice, event by event, with each event delivered twice, and with a projector that dies on the
way. If the truth is known as a SELECT over the write tables, the rows are compared with that too.

Every statement of the learner's runs in the guard's worker. Whatever decides is counted, never timed.
"""

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cqrs.read.projection import parse
from lab import guard
from lab.event_guide import FIELDS
from lab.guard import policy
from lab.guard.turns import CROWDED
from lab.trial_beside import beside_built_in
from lab.trial_difference import WRITE_STORE, in_words
from lab.trial_live import judged
from lab.trial_log import Log
from lab.trial_rows import Table, differences
from lab.trial_scratch import Filled, Filling, Scratch
from lab.trial_told import Live, Trial, Tried
from lab.trial_truth import Truth
from lab.trial_words import (
    NO_ROW_YET,
    NOT_YET,
    counted,
    crash,
    is_poison,
    no_block,
    not_the_same,
    nothing_tried,
    on_first,
    other_order,
    position_in,
    same_as_truth,
    stops,
    twice,
    up_to,
    what_was_compared,
    without_event,
    without_memory,
)


def try_out(model: guard.Model, log: Path, truth: Truth | None = None, who: str | None = None) -> Trial:
    """Try a read model on a log (a write.db, which is only read), with the truth if it is known.

    ``who`` is the sandbox. Raise guard.Busy, with the reason in words, if too many are being tried.
    """
    return try_on(model, Log.read(log), truth, None, who)


def try_on(
    model: guard.Model, log: Log, truth: Truth | None = None, live: Live | None = None, who: str | None = None
) -> Trial:
    """Try a read model on a log that was read; ``live`` are its rows, if it stands in a sandbox."""
    checked = guard.check(model, who=who)
    if checked.findings:
        finding = checked.findings[0]
        said = f"{_begun(finding.said)}." + (f" {_begun(finding.hint)}" if finding.hint else "")
        return Trial(model.name, 0, 0, 0, 0, (), (Tried("file", False, said),))
    with _turn(), tempfile.TemporaryDirectory(prefix="lagoon-trial-") as folder:
        return _Trying(model, log, Path(folder), who).trial(truth, live)


def _not_yet(entry: Tried) -> Tried:
    """Return what was compared while no block ever ran: two empty tables speak for nothing."""
    return replace(entry, passed=None, said=NO_ROW_YET) if entry.passed else entry


def _begun(sentence: str) -> str:
    return f"{sentence[0].upper()}{sentence[1:]}"


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
    """One trial on its way. A long log is tried whole where it is rebuilt, and from its beginning in all other ways."""

    def __init__(self, model: guard.Model, log: Log, folder: Path, who: str | None) -> None:
        self.model, self.log, self.folder = model, log, folder
        self.projection = parse(model.name, model.source)
        self.scratch = Scratch(folder, model, who)

    def trial(self, truth: Truth | None, live: Live | None) -> Trial:
        filling = self.scratch.empty(policy.TRIAL_WORK).on(self.log.events[: policy.TRIAL_EVENTS])
        self.begun = filling.filled()
        self.events = self.log.events[: self.begun.position]
        self.whole = filling.on(self.log.events[policy.TRIAL_EVENTS :]).filled()
        true = self._true(truth, filling) if truth else []
        there = Counter(event.type for event in self.log.events)
        untried = tuple(type for type in self.projection.on if type not in there)
        missed = tuple(type for type in FIELDS if type not in self.projection.on and type not in there)
        self.ran = len(untried) < len(self.projection.on)
        tried = [
            Tried("file", True, "Its file can be added."),
            self._log(),
            *self._blocks(untried),
            *self._passed_by(there, missed),
        ]
        digests: tuple[str, ...] = ()
        if self.events and self.ran and (not self.whole.stopped or is_poison(self.whole.stopped)):
            same, digests = self._same(filling)
            others = (self._order, self._twice, self._crash, self._memory)
            ways = [Tried(way.__name__[1:], None, NOT_YET) if same.passed is False else way() for way in others]
            tried += self._as_far([same, *(self._on_first(way) for way in ways)])
        head, position, rows = len(self.log.events), self.whole.position, len(self.whole.table.rows)
        compared = true + ([self._live(live, true)] if live else [])
        tried += compared if self.ran else [_not_yet(entry) for entry in compared]
        work = self.whole.work
        return Trial(self.model.name, head, position, rows, work, digests, tuple(tried), untried, self.ran, missed)

    def _as_far(self, entries: list[Tried]) -> list[Tried]:
        """Say of what passed how far it was tried, if not on the whole log."""
        if not self.whole.stopped:
            return entries
        return [
            replace(entry, said=up_to(self.whole.position, entry.said)) if entry.passed else entry
            for entry in entries
            if entry.name != "memory"
        ]

    def _log(self) -> Tried:
        if self.whole.stopped:
            return Tried("log", False, f"{stops(self.whole.stopped)}.", at=position_in(self.whole.stopped))
        if not self.ran:
            return Tried("log", None, nothing_tried(len(self.log.events)))
        return Tried("log", True, f"It takes all {counted(len(self.log.events), 'event')} of the log.")

    def _blocks(self, untried: tuple[str, ...]) -> list[Tried]:
        """Name the blocks that never ran, if others did."""
        return [Tried("blocks", None, without_event(untried))] if untried and self.ran else []

    def _passed_by(self, there: Counter[str], missed: Sequence[str]) -> list[Tried]:
        """Name the events that no block is there for: nobody knows from the text alone whether one is wanted."""
        came = {type: number for type, number in there.items() if type not in self.projection.on}
        return [Tried("passed_by", None, no_block(came, missed))] if came or missed else []

    def _on_first(self, entry: Tried) -> Tried:
        """Say of what was tried in a long log's beginning only on how many events that was."""
        if entry.said == NOT_YET or len(self.events) == self.whole.position:
            return entry
        return replace(entry, said=on_first(len(self.events), entry.said))

    def _same(self, filling: Filling) -> tuple[Tried, tuple[str, ...]]:
        """Build it a second time in the same place, and fill it a third time event by event."""
        taken = self.log.events[: self.whole.position]
        others = [filling.again(taken).filled(), self.scratch.empty().on(taken, singly=True).filled()]
        digests = tuple(filled.digest for filled in (self.whole, *others))
        rows = counted(len(self.whole.table.rows), "row")
        said = f"Built twice, and filled event by event: three times the same {rows}."
        return next(
            (self._judged("same", said, other, self.whole) for other in others if other.digest != self.whole.digest),
            Tried("same", True, said),
        ), digests

    def _order(self) -> Tried:
        """Fill it while SQLite reads rows the other way round, wherever a statement names no order."""
        filled = self.scratch.empty().on(self.events, backwards=True).filled()
        return self._judged("order", "The same rows, in whatever order SQLite reads its table.", filled, self.begun)

    def _twice(self) -> Tried:
        """Deliver everything twice to the correct projector."""
        filled = self.scratch.empty().twice(self.events).filled()
        return self._judged("twice", twice(len(self.events)), filled, self.begun)

    def _crash(self) -> Tried:
        filling = self.scratch.empty()
        said = crash(filling.dying(self.events, self.projection.on))
        return self._judged("crash", said, filling.filled(), self.begun)

    def _memory(self) -> Tried:
        """Deliver everything twice to a projector without a memory. That is a learner's choice, so it only informs."""
        filled = self.scratch.empty().forgetful(self.events).filled()
        wrong = next(differences(filled.table, self.begun.table, self.projection.key), None)
        return Tried("memory", None, without_memory(filled.stopped, wrong, len(self.begun.table.rows)), wrong)

    def _live(self, live: Live, true: list[Tried]) -> Tried:
        text_true = true[0].passed if true else None
        return judged(live, self.log, self.whole, self.scratch, self.projection, text_true=text_true)

    def _judged(self, name: str, said: str, filled: Filled, right: Filled) -> Tried:
        """Compare the rows that came of some way with those of the first rebuild."""
        if filled.digest == right.digest:
            return Tried(name, True, said)
        wrong = next(differences(filled.table, right.table, self.projection.key), None)
        return Tried(name, False, not_the_same(name, wrong, filled), wrong)

    def _true(self, truth: Truth, filling: Filling) -> list[Tried]:
        if self.whole.stopped:
            return [Tried("truth", None, "Not compared: it has to take the whole log first.")]
        told = truth.of(self.log.path)
        seen = truth.seen(filling, told)
        if isinstance(seen, str):
            return [Tried("truth", False, seen)]
        wrong = truth.first(seen, told)
        if wrong is None and (places := truth.disordered(seen, told)):
            return [Tried("truth", False, other_order(*places))]
        if wrong is None:
            return self._as_true(truth, seen)
        wrong = truth.blame(wrong, self.log, self.scratch, self.folder)
        return [Tried("truth", False, in_words(wrong, WRITE_STORE), wrong)]

    def _as_true(self, truth: Truth, seen: Table) -> list[Tried]:
        """Say which columns were compared, and what the built-in ones would say to others."""
        table = self.whole.table
        left_out = [column for column in table.columns if column not in seen.columns]
        same = same_as_truth(len(table.rows), len(seen.rows), truth.page)
        told = Tried("truth", True, f"{same} {what_was_compared(seen.columns, left_out, ordered=truth.ordered)}")
        more = beside_built_in(table, self.projection.key, left_out, self.log.path)
        return [told, more] if more else [told]
