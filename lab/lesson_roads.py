"""Roads that somebody else tried: a table of lines, each to pass a lesson or to fail it, judged by the same checks."""

import csv
import io
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from lab.lesson_files import LessonError, lessons
from lab.lesson_ground import Ground
from lab.lesson_spread import spread

COLUMNS = ["lesson", "name", "expected", "lines"]
EXPECTED = ("pass", "fail")
BETWEEN = ";;"


class Tried(NamedTuple):
    """One road of a table: where it stands, what it should come to, and its lines."""

    place: str
    lesson: str
    name: str
    expected: str
    lines: list[str]


def read(path: Path) -> list[Tried]:
    """Read a tab-separated table, whose first row may name the columns; raise LessonError if it is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    except UnicodeDecodeError as error:
        raise LessonError(f"{path.name} is not text in UTF-8: byte {error.start} cannot be read") from None
    except csv.Error as error:
        raise LessonError(f"{path.name} is no table with tabs between its columns: {error}") from None
    return [
        _tried(f"{path.name}, row {number}", row)
        for number, row in enumerate(rows, 1)
        if row and not row[0].startswith("#") and row != COLUMNS
    ]


def _tried(place: str, row: list[str]) -> Tried:
    if len(row) != len(COLUMNS):
        wanted = f"{len(COLUMNS)} with a tab between two ({', '.join(COLUMNS)})"
        raise LessonError(f"{place}: the columns are {len(row)}, not {wanted}")
    lesson, name, expected, joined = row
    if expected not in EXPECTED:
        raise LessonError(f"{place}: a road is expected to pass or to fail, not “{expected}”")
    lines = [line.strip() for line in joined.split(BETWEEN)]
    return Tried(place, lesson, name, expected, [line for line in lines if line])


def roads(tried: list[Tried]) -> int:
    """Judge roads, print what comes out otherwise than expected, and return the exit code."""
    known = sorted((road for road in tried if road.lesson in lessons()), key=lambda road: road.lesson)
    groups = [list(group) for _, group in groupby(known, key=lambda road: road.lesson)]
    otherwise = 0
    for words in spread(judge, groups):
        otherwise += len(words)
        for told in words:
            print(told, flush=True)
    if left_out := len(tried) - len(known):
        names = sorted({road.lesson for road in tried} - set(lessons()))
        print(f"left out {left_out}: there is no lesson {', '.join(names)} yet")
    print(f"roads {len(known)} as expected {len(known) - otherwise}")
    return 1 if otherwise else 0


def judge(tried: list[Tried]) -> list[str]:
    """Drive roads of one lesson; return a sentence for each that comes out otherwise than expected."""
    lesson = lessons()[tried[0].lesson]
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(lesson, Path(folder))
        return [
            f"{road.place}: {road.lesson} “{road.name}” should {road.expected}, but {' and '.join(words)}"
            for road in tried
            if (words := list(_otherwise(ground, road)))
        ]


def _otherwise(ground: Ground, road: Tried) -> Iterator[str]:
    ground.broken.clear()
    answers, end = ground.drive(road.lines, name=road.name)
    if end.passes and road.expected == "fail":
        yield "it passes"
    if end.failing and road.expected == "pass":
        yield f"it fails {', '.join(sorted(end.failing))}"
        yield from (f"“{answer.line}” fails: {answer.reason}" for answer in answers if answer.outcome == "failed")
    yield from (f"the invariant {name} breaks: {words}" for name, words in ground.broken.items())
