"""Lessons put through every gate, each in a process of its own, and what came of it."""

import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from lab.lesson_files import FOLDER, Lesson, LessonError, load
from lab.lesson_gates import GATES, MONKEYS, Trial
from lab.lesson_ground import Ground
from lab.lesson_spread import spread
from lab.lesson_words import WORDS

SLOW_SECONDS = 5.0


class Problem(NamedTuple):
    """What is wrong with a lesson, and which gate says so."""

    file: str
    gate: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}: {self.gate}: {self.words}"


class Report(NamedTuple):
    """What came of checking one lesson."""

    file: str
    lesson: Lesson | None
    problems: list[Problem]
    replays: int = 0
    seconds: float = 0.0
    walk_seconds: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Tell whether one replay of it keeps people waiting."""
        return self.walk_seconds > SLOW_SECONDS


def check_all(paths: Sequence[Path], *, monkeys: int = MONKEYS, seed: str = "lagoon") -> Iterator[Report]:
    """Put lesson files through every gate, as many at once as there are processors; yield the reports in order."""
    work = partial(check, monkeys=monkeys, seed=seed, among=(*of_the_project(), *readable(paths)))
    return spread(work, paths)


def check(path: Path, *, monkeys: int = MONKEYS, seed: str = "lagoon", among: Iterable[Lesson] | None = None) -> Report:
    """Put one lesson file through every gate; ``among`` are the lessons of its path, if not those of the project."""
    began = time.perf_counter()
    try:
        lesson = load(path)
    except LessonError as error:
        return Report(path.name, None, [Problem(path.name, "file", str(error))])
    path_of = {other.id: other for other in (of_the_project() if among is None else among)}
    before = [other for name, other in sorted(path_of.items()) if name < lesson.id]
    said = [(name, words) for name, gate in WORDS.items() for words in gate(lesson, before)]
    replays, walk = 0, 0.0
    if "ground" not in dict(said):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(lesson, Ground(lesson, Path(folder)), monkeys, seed)
            said += [(name, words) for name, gate in GATES.items() for words in gate(trial)]
            replays, walk = trial.ground.replays, trial.walk_seconds
    problems = [Problem(path.name, name, words) for name, words in said]
    return Report(path.name, lesson, problems, replays, time.perf_counter() - began, walk)


def files(names: Iterable[str]) -> list[Path]:
    """Return the lesson files that are meant: ids of the project's lessons, files, folders; all if none is named.

    Raise LessonError for what is none of these.
    """
    found: list[Path] = []
    for name in names or [str(FOLDER)]:
        path = FOLDER / f"{name}.toml"
        if not path.is_file():
            path = Path(name)
        here = sorted(path.glob("L[0-9][0-9]*.toml")) if path.is_dir() else [path]
        if not here:
            raise LessonError(f"in the folder {name} is no lesson; the file of one is called L15.toml, for example")
        if not path.exists():
            raise LessonError(f"there is no lesson, file or folder {name}")
        found += here
    return found


def readable(paths: Iterable[Path]) -> list[Lesson]:
    """Return the lessons of those files that can be read."""
    found = []
    for path in paths:
        try:
            found.append(load(path))
        except LessonError:
            continue
    return found


@cache
def of_the_project() -> tuple[Lesson, ...]:
    """Return the project's lessons, without those that cannot be read."""
    return tuple(readable(files([])))
