"""Whose progress: the signed cookie names it, and nothing else does. It is made when there is something to keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import session, url_for

from lab.lesson_files import Lesson, lessons
from lab.lesson_progress import Progress
from web.parts import parts


def mine() -> Progress:
    """Return the visitor's progress to look at; a new one if there is none. What is changed in it is not kept."""
    return parts().progress.load(session.get("progress"))


@contextmanager
def change() -> Iterator[Progress]:
    """Lend the visitor's progress to be changed, made now if there is none. Take a sandbox's lock before it."""
    parts().shelf.check_disk()
    if "progress" not in session:
        session["progress"] = parts().progress.new_id()
        session.permanent = True
    with parts().progress.change(session["progress"]) as progress:
        yield progress


def forget() -> None:
    """Delete the visitor's progress."""
    session.pop("under_way", None)
    if progress_id := session.pop("progress", None):
        parts().progress.forget(progress_id)


# The lesson under way


def enter(lesson: Lesson) -> None:
    """Note which lesson the visitor is in, so that every other page can lead back to it."""
    session["under_way"] = lesson.id


def leave(lesson_id: str) -> None:
    """Note that the visitor is no longer in a lesson."""
    if session.get("under_way") == lesson_id:
        del session["under_way"]


def way_back() -> dict[str, Any] | None:
    """Return the lesson that is under way and the step that it is at; None if there is none, or it is passed."""
    lesson = lessons().get(session.get("under_way", ""))
    standing = mine().lessons.get(lesson.id) if lesson else None
    if lesson is None or (standing and standing.passed):
        return None
    over = standing.over if standing and standing.revision == lesson.revision else 0
    step = min(over + 1, len(lesson.step))
    return {"lesson": lesson, "step": step, "href": href(lesson, step)}


def href(lesson: Lesson, step: int) -> str:
    """Return where a lesson goes on. To those who brought their progress along, its step is prepared."""
    stands_there = parts().shelf.has(session.get("sandboxes", {}).get(lesson.id, ""))
    return url_for("lessons.show", lesson_id=lesson.id, step=None if stands_there or step == 1 else step)
