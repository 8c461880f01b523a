"""A lesson's reference as help: its lines written out, the next one, and the way to any step."""

import tempfile
from functools import cache
from pathlib import Path

from lab.language import parse
from lab.lesson_files import Lesson
from lab.lesson_ground import Ground
from lab.lesson_progress import Progress
from lab.lessons import NotNow, current, passed, standing_of
from lab.replay import Transcript, Written
from lab.sandbox import Sandbox
from lab.values import BadLine


@cache
def marks(lesson: Lesson) -> tuple[int, ...]:
    """Return for each step, and for the end, how many lines of the reference come before it."""
    with tempfile.TemporaryDirectory() as folder:
        moments = Ground(lesson, Path(folder)).walk(lesson.reference.lines)
        at = [current(lesson, {name: name not in moment.failing for name in moment.checks}) for moment in moments]
    return tuple(
        next((done for done, number in enumerate(at) if number >= step), len(at) - 1)
        for step in range(len(lesson.step) + 1)
    )


def prepare(lesson: Lesson, step: int) -> Transcript:
    """Return the shortest part of the reference after which the steps before one (from 1) are over.

    It is replayed on the lesson's fixture and setup: see ``open_at``. Raise NotNow if there is no such step.
    """
    if not 1 <= step <= len(lesson.step):
        raise NotNow(f"{lesson.id} has the steps 1 to {len(lesson.step)}.")
    lines = lesson.reference.lines[: marks(lesson)[step - 1]]
    return Transcript(lesson.fixture, "manual", [Written(line) for line in lines])


def open_at(lesson: Lesson, sandbox: Sandbox, progress: Progress, step: int) -> None:
    """Put a sandbox where a step (from 1) begins; what stood in it is gone, and so are the bets from there on.

    Raise NotNow if there is no such step.
    """
    sandbox.replace(prepare(lesson, step), lesson.setup)
    standing = standing_of(lesson, progress)
    standing.bets = {number: bet for number, bet in standing.bets.items() if int(number) < step - 1 and bet.over_at}
    standing.hints = {}


def solution(lesson: Lesson) -> list[dict[str, object]]:
    """Return the reference line by line, each with the number of its step, from 1. Written, not run."""
    ends = marks(lesson)[1:]
    return [
        {"line": line, "step": next((n for n, end in enumerate(ends, 1) if number < end), len(ends))}
        for number, line in enumerate(lesson.reference.lines)
    ]


def next_line(lesson: Lesson, sandbox: Sandbox) -> str | None:
    """Return the reference's next line for the present state; None if every step is over.

    Of the present step's lines it is the first that the learner has not done, in order; the step's first if all are.
    """
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        done = [entry.line for entry in sandbox.lab.entries() if entry.origin == "learner"]
    if number == len(lesson.step):
        return None
    start, end = marks(lesson)[number : number + 2]
    following = max(start, _matched(lesson.reference.lines[:end], done))
    return lesson.reference.lines[following if following < end else min(start, len(lesson.reference.lines) - 1)]


def _matched(reference: tuple[str, ...], done: list[str]) -> int:
    """Return how many of the reference's lines were done in this order, whatever was done between."""
    count = 0
    for line in done:
        if count < len(reference) and _bare(line) == _bare(reference[count]):
            count += 1
    return count


def _bare(line: str) -> str:
    """Return a line as the language writes it, without the id that the journal gives to a command."""
    try:
        written = str(parse(line))
    except BadLine:
        return line
    return " ".join(word for word in written.split(" ") if not word.startswith(("id=cmd-", "order=o-")))
