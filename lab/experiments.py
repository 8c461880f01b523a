"""Experiments: what people ask first when they use two stores, each seen in under a minute from a fresh sandbox."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from lab.language import parse
from lab.lesson_files import FOLDER, LessonError, Table
from lab.values import BadLine

FORMAT = 1


class Seen(Table, frozen=True):
    """What will have been seen: a sentence, the SELECT of one value that proves it, and that value."""

    say: str
    sql: str
    is_: int | str = msgspec.field(name="is")


class Page(Table, frozen=True):
    """Where more of it is to be seen."""

    label: str
    path: str


class Experiment(Table, frozen=True):
    """A question, what to watch for, the lines that show it, and what they show.

    ``fails`` are those of the lines that must fail.
    """

    id: str
    title: str
    watch: str
    lines: tuple[str, ...]
    seen: tuple[Seen, ...]
    fails: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()


class File(Table, frozen=True):
    """The file of all experiments."""

    format: int
    experiment: tuple[Experiment, ...]


@cache
def experiments() -> dict[str, Experiment]:
    """Return every experiment by its id, in the order of the file."""
    return load(FOLDER / "experiments.toml")


def load(path: Path) -> dict[str, Experiment]:
    """Read a file of experiments; raise LessonError if it is not one."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise LessonError(f"{path.name}: {error}") from error
    if file.format != FORMAT:
        raise LessonError(f"{path.name}: format must be {FORMAT}, not {file.format}")
    known: dict[str, Experiment] = {}
    for experiment in file.experiment:
        if problem := _problem(experiment, known):
            raise LessonError(f"{path.name}: {experiment.id}: {problem}")
        known[experiment.id] = experiment
    return known


def _problem(experiment: Experiment, known: dict[str, Experiment]) -> str | None:
    if experiment.id in known:
        return "another experiment has this id"
    for line in experiment.lines:
        try:
            parse(line)
        except BadLine as bad:
            return f"{line}: {bad}"
    unknown = set(experiment.fails) - set(experiment.lines)
    return f"fails names {', '.join(unknown)}: no such line" if unknown else None
