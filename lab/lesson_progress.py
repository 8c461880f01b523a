"""How far one person has come over all lessons: bets, answers, hints asked for, lessons passed. One JSON file.

The tasks for read models of one's own stand there too, each with when it was solved first.

It lies beside the sandboxes and not in them, so no undo and no reset takes back what was seen once: a passed lesson
stays passed, a bet stays placed. Only ``over``, the number of steps that are over, follows the sandbox. When a
lesson's revision goes up, its steps may be others, so its bets, its steps and its hints are dropped; that it was
passed, and what was answered to its questions, is kept.
"""

import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec

from lab import limits
from lab.clock import RealClock, iso

FORMAT = 1
LAST_ANSWERS = 3
LOCKS = 64
"""So many people can change their progress at once; two who share a lock wait for each other."""

Short = Annotated[str, msgspec.Meta(max_length=200)]
When = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
Number = Annotated[str, msgspec.Meta(pattern=r"^\d{1,2}$")]
Value = Short | int | float | None


class ProgressError(Exception):
    """A file is no progress file; the message says what is wrong with it."""


class NotKept(Exception):
    """Somebody's progress could not be written."""


class Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a progress file."""


class Bet(Part):
    """A prediction that was locked in, and what really happened, once its step was over."""

    choice: Short
    at: When
    over_at: When | None = None
    actual: Value = None
    right: bool | None = None


class Attempt(Part):
    """An answer to a question: which option, counted from 0, in which lesson it was asked, and when."""

    choice: Count
    right: bool
    lesson: Short
    at: When


class Standing(Part):
    """How one lesson stands."""

    revision: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    begun: When | None = None
    passed: When | None = None
    over: Count = 0
    bets: Annotated[dict[Number, Bet], msgspec.Meta(max_length=50)] = {}
    hints: Annotated[dict[str, Count], msgspec.Meta(max_length=100)] = {}
    retrieval: Annotated[list[Attempt], msgspec.Meta(max_length=200)] = []
    concept: Annotated[list[Attempt], msgspec.Meta(max_length=200)] = []

    def answers(self, kind: str) -> list[Attempt]:
        """Return the answers to one of its two questions, in order."""
        return self.retrieval if kind == "retrieval" else self.concept

    def begin_again(self) -> None:
        """Open the lesson's steps, bets and hints again; what was passed or answered stays."""
        self.over, self.bets, self.hints = 0, {}, {}

    def keep(self, kind: str, attempt: Attempt) -> None:
        """Keep an answer: of those given in one lesson the first, which counts, and the last few."""
        attempts = self.answers(kind)
        attempts.append(attempt)
        attempts[:] = _bounded(attempts)


class Progress(Part, omit_defaults=False):
    """One person's progress over all lessons."""

    format: int = FORMAT
    lessons: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern=r"^L\d\d$")], Standing], msgspec.Meta(max_length=100)
    ] = {}
    tasks: Annotated[
        dict[Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")], When], msgspec.Meta(max_length=100)
    ] = {}

    def of(self, lesson_id: str, revision: int) -> Standing:
        """Return how a lesson stands, begun now if it was not; a newer revision drops what its steps made."""
        standing = self.lessons.setdefault(lesson_id, Standing(revision))
        if standing.revision < revision:
            standing.revision = revision
            standing.begin_again()
        return standing


# As a file


def exported(progress: Progress) -> bytes:
    """Return the file that a person takes along."""
    return msgspec.json.format(msgspec.json.encode(progress), indent=2) + b"\n"


def imported(content: bytes) -> Progress:
    """Read such a file; raise ProgressError with what is wrong with it."""
    if len(content) > limits.MAX_PROGRESS_BYTES:
        raise ProgressError(f"it has {len(content):,} bytes, and at most {limits.MAX_PROGRESS_BYTES:,} are read")
    try:
        progress = msgspec.json.decode(content, type=Progress)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProgressError(str(error)) from error
    if progress.format != FORMAT:
        raise ProgressError(f"it has format {progress.format}, and this Lagoon reads format {FORMAT}")
    return progress


def merged(mine: Progress, other: Progress) -> Progress:
    """Return both together: what was passed or answered in either counts, and no answer twice.

    Raise ProgressError if that is more than a file may hold.
    """
    names = sorted({*mine.lessons, *other.lessons})
    both = Progress(
        lessons={name: _together(mine.lessons.get(name), other.lessons.get(name)) for name in names},
        tasks={
            name: min(filter(None, (mine.tasks.get(name), other.tasks.get(name))))
            for name in sorted({*mine.tasks, *other.tasks})
        },
    )
    return imported(exported(both))


def _together(mine: Standing | None, other: Standing | None) -> Standing:
    if mine is None or other is None:
        only = mine or other
        assert only is not None
        return only
    newer, older = (mine, other) if mine.revision >= other.revision else (other, mine)
    both = Standing(
        revision=newer.revision,
        begun=min(filter(None, (mine.begun, other.begun)), default=None),
        passed=min(filter(None, (mine.passed, other.passed)), default=None),
        over=newer.over,
        bets=newer.bets,
        hints=newer.hints,
        retrieval=_all_answers(mine.retrieval, other.retrieval),
        concept=_all_answers(mine.concept, other.concept),
    )
    if newer.revision == older.revision:
        names = {*older.hints, *newer.hints}
        both.over = max(newer.over, older.over)
        both.bets = older.bets | newer.bets
        both.hints = {name: max(newer.hints.get(name, 0), older.hints.get(name, 0)) for name in names}
    return both


def _all_answers(mine: list[Attempt], other: list[Attempt]) -> list[Attempt]:
    return _bounded(sorted([*mine, *(it for it in other if it not in mine)], key=lambda attempt: attempt.at))


def _bounded(attempts: list[Attempt]) -> list[Attempt]:
    """Leave out what lies between the first answer in a lesson and its last few."""
    here: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        here.setdefault(attempt.lesson, []).append(attempt)
    kept = {id(it) for tries in here.values() for it in [tries[0], *tries[1:][-LAST_ANSWERS:]]}
    return [attempt for attempt in attempts if id(attempt) in kept]


# Where it is kept


class ProgressShelf:
    """Keeps everybody's progress, a file each, named by an id that only its owner knows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = [threading.RLock() for _ in range(LOCKS)]
        folder.mkdir(parents=True, exist_ok=True)

    def new_id(self) -> str:
        """Return an id that nobody has; files that no cookie leads to any more go."""
        oldest = time.time() - limits.DELETE_AFTER_SECONDS
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
        return secrets.token_urlsafe(16)

    def load(self, progress_id: str | None) -> Progress:
        """Return somebody's progress; a new one if there is none, or none that can be read."""
        if progress_id is None:
            return Progress()
        path = self._path(progress_id)
        with suppress(OSError, ProgressError):
            progress = imported(path.read_bytes())
            # The cookie that names it lasts as long from now.
            os.utime(path)
            return progress
        return Progress()

    def save(self, progress_id: str, progress: Progress) -> None:
        """Keep somebody's progress: the whole of it, or as it was before. Raise NotKept if that cannot be."""
        path = self._path(progress_id)
        making = path.with_suffix(f".{threading.get_ident()}")
        try:
            making.write_bytes(exported(progress))
            os.replace(making, path)
        except OSError as error:
            with suppress(OSError):
                making.unlink()
            raise NotKept(str(error)) from error

    def forget(self, progress_id: str) -> None:
        """Delete somebody's progress."""
        self._path(progress_id).unlink(missing_ok=True)

    @contextmanager
    def change(self, progress_id: str) -> Iterator[Progress]:
        """Lend somebody's progress to be changed, by one at a time; it is kept if it is another afterwards."""
        with self._locks[hash(progress_id) % LOCKS]:
            progress = self.load(progress_id)
            before = exported(progress)
            yield progress
            if exported(progress) != before:
                self.save(progress_id, progress)

    def _path(self, progress_id: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", progress_id):
            raise ValueError(progress_id)
        return self._folder / f"{progress_id}.json"


def moment() -> str:
    """Return the present, as a progress file writes it."""
    return iso(RealClock().now())
