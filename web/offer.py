"""What a page offers: everything in free play, in a lesson the verbs that it names. Nothing typed is refused for it."""

from lab.language import parse
from lab.lesson_files import lessons
from lab.values import BadLine
from web.visitor import lesson_named

ELSEWHERE = ("cmd", "query", "step", "run", "model add")
"""The whole lines that have a place of their own on the page."""


class Offer:
    """Which lines a page has buttons and forms for; None stands for all."""

    def __init__(self, verbs: tuple[str, ...] | None) -> None:
        self._verbs = verbs

    def __call__(self, line: str) -> bool:
        """Tell whether a line is offered, or one of those that begin like it."""
        return self._verbs is None or any(_begins(line, verb) or _begins(verb, line) for verb in self._verbs)

    def lines(self, verb: str) -> list[str]:
        """Return the whole lines that a lesson names and that begin with a verb; in free play that verb itself."""
        verbs = (verb,) if self._verbs is None else self._verbs
        return [line for line in verbs if _begins(line, verb) and _is_whole(line)]

    def tools(self) -> list[str]:
        """Return the whole lines that a lesson names and that have no other place on the page."""
        return [line for line in self.lines("") if not any(_begins(line, verb) for verb in ELSEWHERE)]


def here() -> Offer:
    """Return what the page of this request offers."""
    lesson = lessons().get(lesson_named() or "")
    return Offer(lesson.verbs if lesson else None)


def _begins(line: str, verb: str) -> bool:
    return not verb or f"{line} ".startswith(f"{verb} ")


def _is_whole(line: str) -> bool:
    try:
        parse(line)
    except BadLine:
        return False
    return True
