"""Which lessons the pages offer: those that a page can lead through, because every step has something to press."""

from functools import cache

from lab.lesson_files import Lesson, Step, lessons


@cache
def offered() -> dict[str, Lesson]:
    """Return the lessons that can be pressed through, by id, in order; the others are played on the command line."""
    return {name: lesson for name, lesson in lessons().items() if all(map(_has_something_to_press, lesson.step))}


def _has_something_to_press(step: Step) -> bool:
    return bool(step.button) or (step.predict is not None and bool(step.predict.lines))
