"""Trying a task: its log is made once, by its own lines, and a text is tried on that as its answer."""

import sqlite3
import tempfile
import threading
from contextlib import closing
from functools import cache
from pathlib import Path

from lab import guard
from lab.guard.messages import Model
from lab.lesson_files import LessonError
from lab.replay import Transcript, Written, build
from lab.tasks import Task
from lab.trial import try_out
from lab.trial_told import Trial
from lab.trial_truth import Truth
from lab.values import BadLine

_made = threading.Lock()


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """Return the folder in which the logs are kept while the program runs."""
    return tempfile.TemporaryDirectory(prefix="lagoon-tasks-")


def log_of(task: Task) -> Path:
    """Return the write store of a task. It is made once, by the task's own lines, and only read from then on."""
    folder = Path(_kept().name) / task.id
    with _made:
        if not (folder / "write.db").exists():
            _make(task, folder)
    return folder / "write.db"


def _make(task: Task, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_kept().name) as scratch:
        transcript = Transcript(lines=[Written(line) for line in task.log])
        try:
            answers = list(build(Path(scratch), transcript, setup=()))
        except BadLine as bad:
            raise LessonError(f"{task.id}: its log has a line that is none: {bad}") from bad
        for answer in answers:
            if answer.outcome not in ("accepted", "done"):
                raise LessonError(f"{task.id}: {answer.line} is {answer.outcome}: {answer.reason}")
        with closing(sqlite3.connect(Path(scratch) / "write.db")) as store:
            # A log that is only read needs no files beside it.
            store.execute("PRAGMA journal_mode = DELETE")
        folder.mkdir()
        (Path(scratch) / "write.db").rename(folder / "write.db")


def truth_of(task: Task) -> Truth:
    """Return what the read model of a task is compared with."""
    return Truth(task.truth, task.key, task.page)


def try_task(task: Task, source: str, who: str | None = None) -> Trial:
    """Try the text of a file as the answer to a task, on the task's own log; raise guard.Busy."""
    return try_out(Model(task.model, source), log_of(task), truth_of(task), who)


def right_answer(task: Task) -> guard.Answer:
    """Return the rows that the page of a task should show, as the write store has them."""
    return guard.read({"main": log_of(task)}, [task.truth])[0]
