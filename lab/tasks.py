"""Tasks: small read models to write oneself, each a file in lessons/tasks, tried on a log of its own.

A task brings the question, the log as action lines, the truth as a SELECT over the write tables, hints, a solution,
and attempts that must fail. So one more task is one more file.
"""

import re
from functools import cache
from pathlib import Path

from lab.lesson_files import FOLDER as LESSONS
from lab.lesson_files import LessonError, Table, read, text_of
from lab.lesson_place import line_of
from lab.own_language import NAME
from lab.trial_words import TITLES

FOLDER = LESSONS / "tasks"
FORMAT = 1
ID = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
HINTS = range(2, 5)
WRONG = 3


BLOCKS = """\
-- Now a block for each type of event that changes it: a line
-- with two dashes, "on" and its name, and below that the SQL.
"""


class Column(Table, frozen=True):
    """A column that the read model needs: its name, its type, and what stands in it."""

    name: str
    type: str
    means: str


class Wrong(Table, frozen=True):
    """An attempt that somebody would make: what of the trial it fails, and a part of what is said then."""

    name: str
    fails: tuple[str, ...]
    says: str
    sql: str


class Task(Table, frozen=True):
    """A task as its file tells it. ``page`` is what a page asks of the read model, and ``truth`` the right answer.

    ``number`` is its place among the others: the easiest stands first.
    """

    format: int
    number: int
    id: str
    title: str
    question: str
    model: str
    key: tuple[str, ...]
    column: tuple[Column, ...]
    page: str
    truth: str
    log: tuple[str, ...]
    hints: tuple[str, ...]
    solution: str
    take_away: str
    wrong: tuple[Wrong, ...]

    @property
    def start(self) -> str:
        """The file to begin with: the table, and a comment that says how the rest is written."""
        columns = ",\n".join(
            f"    {column.name} {column.type}{self._constraint(column.name)}" for column in self.column
        )
        if len(self.key) > 1:
            columns += f",\n    PRIMARY KEY ({', '.join(self.key)})"
        return f"-- key: {', '.join(self.key)}\nCREATE TABLE {self.model} (\n{columns}\n);\n\n{BLOCKS}"

    def _constraint(self, column: str) -> str:
        return " PRIMARY KEY" if (column,) == self.key else " NOT NULL"


@cache
def tasks() -> dict[str, Task]:
    """Return every task by its id, in order."""
    found = [load(path) for path in sorted(FOLDER.glob("*.toml"))]
    return {task.id: task for task in sorted(found, key=lambda task: (task.number, task.id))}


def task_of(model: str) -> Task | None:
    """Return the task whose read model is called like that; None if there is none."""
    return next((task for task in tasks().values() if task.model == model), None)


def load(path: Path) -> Task:
    """Read the file of a task; raise LessonError with the line that is wrong."""
    task: Task = read(path, Task)
    for place, slip in _slips(task, path.stem):
        raise LessonError(f"{path.name}, line {line_of(text_of(path), f'at `$.{place}`')}: {slip}")
    return task


def _slips(task: Task, stem: str) -> list[tuple[str, str]]:
    """Say what is wrong in a task, and at which place of its file."""
    columns = [column.name for column in task.column]
    slips = {
        "format": task.format != FORMAT and f"format must be {FORMAT}, not {task.format}",
        "id": (task.id != stem or not ID.fullmatch(task.id)) and f"id is {task.id}, but the file is called {stem}",
        "model": not NAME.fullmatch(task.model) and f"a read model cannot be called {task.model}",
        "key": not set(task.key) <= set(columns) and f"the key {', '.join(task.key)} is not among the columns",
        "hints": len(task.hints) not in HINTS and f"a task has 2 to 4 hints, not {len(task.hints)}",
        "wrong": len(task.wrong) < WRONG and f"a task has at least {WRONG} attempts that fail, not {len(task.wrong)}",
        "log": not task.log and "a task needs a log of its own",
    }
    for number, wrong in enumerate(task.wrong):
        unknown = sorted(set(wrong.fails) - set(TITLES))
        slips[f"wrong[{number}].fails"] = (not wrong.fails and "it fails nothing") or (
            bool(unknown) and f"nothing that is tried is called {', '.join(unknown)}"
        )
    return [(place, slip) for place, slip in slips.items() if isinstance(slip, str)]
