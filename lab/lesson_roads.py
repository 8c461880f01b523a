"""Roads that somebody else tried: a table of lines, each to pass a lesson or to fail it, judged by the same checks."""

import csv
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab.lesson_files import lessons
from lab.lesson_ground import Ground

COLUMNS = ["lesson", "name", "expected", "lines"]
BETWEEN = ";;"


class Tried(NamedTuple):
    """One road of the table: where it stands, what it should come to, and its lines."""

    row: int
    lesson: str
    name: str
    expected: str
    lines: list[str]


def read(text: str) -> list[Tried]:
    """Read a tab-separated table, whose first row may name the columns; raise ValueError if it is none."""
    found = []
    table = csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    for number, row in enumerate(table, 1):
        if not row or row[0].startswith("#") or (number == 1 and row == COLUMNS):
            continue
        if len(row) != len(COLUMNS) or row[2] not in ("pass", "fail"):
            raise ValueError(f"row {number} must have {', '.join(COLUMNS)}, and expect pass or fail: {row}")
        lines = [line.strip() for line in row[3].split(BETWEEN)]
        found.append(Tried(number, row[0], row[1], row[2], [line for line in lines if line]))
    return found


def roads(text: str) -> int:
    """Judge a table of roads, print what comes out otherwise than expected, and return the exit code."""
    tried = read(text)
    known = [road for road in tried if road.lesson in lessons()]
    otherwise = 0
    for road, words in _judge(known):
        otherwise += 1
        print(f"row {road.row}: {road.lesson} “{road.name}” should {road.expected}, but {words}", flush=True)
    if left_out := len(tried) - len(known):
        names = sorted({road.lesson for road in tried} - set(lessons()))
        print(f"left out {left_out}: there is no lesson {', '.join(names)} yet")
    print(f"roads {len(known)} as expected {len(known) - otherwise}")
    return 1 if otherwise else 0


def _judge(tried: list[Tried]) -> Iterator[tuple[Tried, str]]:
    """Yield the roads that come out otherwise, with the words for it."""
    with tempfile.TemporaryDirectory() as folder:
        grounds: dict[str, Ground] = {}
        for road in tried:
            if road.lesson not in grounds:
                grounds[road.lesson] = Ground(lessons()[road.lesson], Path(folder) / road.lesson)
            ground = grounds[road.lesson]
            moments = list(ground.walk(road.lines, name=road.name))
            failing = sorted(moments[-1].failing)
            if bool(failing) == (road.expected == "pass"):
                yield road, f"it fails {', '.join(failing)}" if failing else "it passes"
            for name, words in ground.broken.items():
                yield road, f"the invariant {name} breaks: {words}"
            ground.broken.clear()
