"""Hints: by what is to be seen in the stores, after a while without progress or on request, in three levels."""

from typing import NamedTuple

from lab.lesson_files import Hint, Lesson
from lab.lesson_prepared import next_line
from lab.lesson_progress import Progress
from lab.lesson_values import holds, values_of
from lab.lessons import current, passed, standing_of
from lab.sandbox import Sandbox

PATIENCE_SECONDS = 20.0


class Shown(NamedTuple):
    """A hint as it is shown: up to which level, and whether there is more to ask for. The text is Markdown."""

    id: str
    level: int
    levels: tuple[str, ...]

    @property
    def text(self) -> str:
        """What this level says."""
        return self.levels[self.level - 1]

    @property
    def has_more(self) -> bool:
        """Tell whether asking again brings another level."""
        return self.level < len(self.levels)


def hint_now(
    lesson: Lesson, sandbox: Sandbox, progress: Progress, seconds_without_progress: float, *, asked: bool
) -> Shown | None:
    """Return the hint to show now, None if there is none; what was shown is noted in the progress.

    It is the first whose condition holds, else what the step itself wants next. It begins at its first level,
    after twenty seconds or when asked for, and each request goes one level further.
    """
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        if number == len(lesson.step):
            return None
        hint = _speaking(lesson, sandbox) or _plain(lesson, sandbox, number)
    shown = standing_of(lesson, progress).hints
    level = min(shown.get(hint.id, 0), len(hint.levels))
    if asked or (level == 0 and seconds_without_progress >= PATIENCE_SECONDS):
        level = min(level + 1, len(hint.levels))
        shown[hint.id] = level
    return Shown(hint.id, level, hint.levels) if level else None


def _speaking(lesson: Lesson, sandbox: Sandbox) -> Hint | None:
    said = values_of(sandbox, [hint.when for hint in lesson.hint])
    return next((hint for hint, value in zip(lesson.hint, said, strict=True) if holds(value)), None)


def _plain(lesson: Lesson, sandbox: Sandbox, number: int) -> Hint:
    """Say what the step says, then the verb of the next line, then that line."""
    step = lesson.step[number]
    line = next_line(lesson, sandbox) or "reset"
    words = line.split()
    verb = " ".join(words[:2]) if words[0] in ("cmd", "model") else words[0]
    return Hint(
        id=f"step-{number + 1}",
        when="SELECT 1",
        levels=(step.text or step.label, f"The next line begins with `{verb}`.", f"Type `{line}`."),
    )
