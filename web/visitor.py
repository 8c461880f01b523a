"""Whose sandbox: the signed cookie names it, and nothing else does. It is made at the first action."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from flask import abort, request, session

from lab import lessons
from lab.lesson_files import Lesson
from lab.lesson_files import lessons as all_lessons
from lab.pool import Crowded
from lab.sandbox import Sandbox
from lab.shelf import FREE_PLAY, Recipe
from web import progress
from web.parts import parts


def lesson_named() -> str | None:
    """Return the lesson that a request names, None in free play."""
    return (request.view_args or {}).get("lesson_id") or request.args.get("lesson")


def lesson() -> Lesson | None:
    """Return the lesson that a request is about, None in free play; an unknown lesson is not found."""
    wanted = lesson_named()
    return None if wanted is None else all_lessons().get(wanted) or abort(404)


def recipe() -> Recipe:
    """Return what the visitor's sandbox starts from here."""
    here = lesson()
    return Recipe(here.id, here.fixture, "manual", here.setup) if here else FREE_PLAY


def sandbox_id() -> str | None:
    """Return the id of the visitor's sandbox here, None if there is none (or none any more)."""
    found: str | None = session.get("sandboxes", {}).get(recipe().name)
    return found if found is not None and parts().shelf.has(found) else None


def look() -> AbstractContextManager[Sandbox]:
    """Lend the visitor's sandbox to look at, or a pristine one to those who have none."""
    own = sandbox_id()
    return parts().shelf.pristine(recipe()) if own is None else parts().shelf.open(own)


@contextmanager
def change(asks: bool = False) -> Iterator[Sandbox]:
    """Lend the visitor's sandbox to act in, made now if there is none.

    In a lesson, what has come true is noted before anybody else looks; except who only ``asks``, and may have to
    wait for others, holds nobody up.
    """
    parts().shelf.check_disk()
    here = lesson()
    own = sandbox_id() or begin()
    with parts().shelf.open(own) as sandbox:
        if here is None:
            yield sandbox
            return
        with nullcontext() if asks else sandbox.lock:
            before = sandbox.version
            yield sandbox
            with sandbox.lock, progress.change() as mine:
                lessons.note(here, sandbox, mine)
            acted = sandbox.version != before
    if not acted:
        # An action tells those who watch by itself; a bet or a step that was opened does not.
        parts().hub.stir(own)


def begin() -> str:
    """Give the visitor a new sandbox; the one it replaces is put away, and so is that of another lesson."""
    start, shelf = recipe(), parts().shelf
    mine: dict[str, str] = session.get("sandboxes", {})
    new = shelf.create(start, request.remote_addr or "")
    for name, old in mine.items():
        if name == start.name or FREE_PLAY.name not in (name, start.name):
            # One that is in use just now is folded when nobody has visited it for a while.
            with suppress(Crowded):
                shelf.fold(old)
    session["sandboxes"] = {**mine, start.name: new}
    session.permanent = True
    return new


def leave_lessons() -> None:
    """Let go of the visitor's sandboxes of lessons; each is put away when its time has come."""
    mine: dict[str, str] = session.get("sandboxes", {})
    session["sandboxes"] = {name: own for name, own in mine.items() if name == FREE_PLAY.name}
