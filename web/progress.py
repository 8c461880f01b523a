"""Whose progress: the signed cookie names it, and nothing else does. It is made when there is something to keep."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import session

from lab.lesson_progress import Progress
from web.parts import parts


def mine() -> Progress:
    """Return the visitor's progress to look at; a new one if there is none. What is changed in it is not kept."""
    return parts().progress.load(session.get("progress"))


@contextmanager
def change() -> Iterator[Progress]:
    """Lend the visitor's progress to be changed, made now if there is none. Borrow it before the sandbox."""
    parts().shelf.check_disk()
    if "progress" not in session:
        session["progress"] = parts().progress.new_id()
        session.permanent = True
    with parts().progress.change(session["progress"]) as progress:
        yield progress


def forget() -> None:
    """Delete the visitor's progress."""
    if progress_id := session.pop("progress", None):
        parts().progress.forget(progress_id)
