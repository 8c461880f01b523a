"""A lesson's reference, replayed for its author: after each line both stores, the checks, and the hint that speaks."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from lab.lesson_files import Lesson
from lab.lesson_tables import tables
from lab.lesson_values import Trouble, holds, values_of
from lab.lessons import current
from lab.sandbox import Sandbox


def told(lesson: Lesson) -> Iterator[str]:
    """Yield how a lesson stands at its start, and after each line of its reference."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "sandbox"
        with closing(Sandbox.create(root, lesson.fixture, "manual", lesson.setup)) as sandbox:
            yield from ("", "at the start", "", *_state(lesson, sandbox))
            for number, line in enumerate(lesson.reference.lines, 1):
                answer = sandbox.act(line)
                said = f": {answer.reason}" if answer.reason else ""
                yield from ("", f"{number}. {line}", f"   {answer.outcome}{said}", "", *_state(lesson, sandbox))


def _state(lesson: Lesson, sandbox: Sandbox) -> Iterator[str]:
    yield tables(sandbox)
    said = values_of(sandbox, [check.sql for check in lesson.check])
    ok = {check.id: value == check.is_ for check, value in zip(lesson.check, said, strict=True)}
    for check, value in zip(lesson.check, said, strict=True):
        shown = f"“{value}”" if isinstance(value, Trouble) else value
        yield f"  passed   {check.id}" if ok[check.id] else f"  not yet  {check.id} (it says {shown}, not {check.is_})"
    number = current(lesson, ok)
    if number == len(lesson.step):
        yield "  every step is over"
        return
    yield f"  step {number + 1} of {len(lesson.step)}: {lesson.step[number].label}"
    whens = values_of(sandbox, [hint.when for hint in lesson.hint])
    speaking = next((hint.id for hint, value in zip(lesson.hint, whens, strict=True) if holds(value)), None)
    yield f"  the hint that would speak: {speaking or 'what the step says'}"
