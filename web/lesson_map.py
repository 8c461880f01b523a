"""The map of all lessons, and a person's progress as a file: taken along, brought in, forgotten."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab import limits
from lab.lesson_files import lessons
from lab.lesson_path import path_map
from lab.lesson_progress import ProgressError, exported, imported, merged
from lab.lessons import standing_of
from web import progress, visitor

blueprint = Blueprint("lesson_map", __name__)

FILE = "lagoon-progress.json"


@blueprint.get("/lessons")
def index() -> ResponseReturnValue:
    """All lessons, and how far the visitor has come."""
    return _page(None)


@blueprint.post("/lessons/<lesson_id>/start-over")
def start_over(lesson_id: str) -> ResponseReturnValue:
    """Put a lesson back where it begins, and leave it there; what was passed or answered stays."""
    lesson = visitor.lesson() or abort(404)
    if visitor.sandbox_id() is not None:
        with visitor.change() as sandbox:
            sandbox.act("reset")
    with progress.change() as mine:
        standing = standing_of(lesson, mine)
        standing.begin_again()
        standing.begun = None
    progress.leave(lesson.id)
    return redirect(url_for("lesson_map.index"), code=303)


@blueprint.get("/progress.json")
def take() -> ResponseReturnValue:
    """The visitor's progress, as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{FILE}"'}
    return Response(exported(progress.mine()), content_type="application/json", headers=headers)


@blueprint.post("/progress")
def bring() -> ResponseReturnValue:
    """Add the progress in a file to the visitor's."""
    file = request.files.get("file")
    content = file.read() if file else b""
    if not content:
        return _page("No file was chosen, or it is empty."), 422
    try:
        other = imported(content)
        with progress.change() as mine:
            mine.lessons = merged(mine, other).lessons
    except ProgressError as bad:
        return _page(f"This is no progress file of Lagoon, or it was changed: {bad}."), 422
    path = path_map(progress.mine())
    flash(f"Brought in: {path['passed']} of {path['lessons']} lessons are passed now.")
    return redirect(url_for("lesson_map.index", _anchor="progress"), code=303)


@blueprint.post("/progress/forget")
def forget() -> ResponseReturnValue:
    """Delete the visitor's progress, and let go of the sandboxes of lessons."""
    progress.forget()
    visitor.leave_lessons()
    flash("Forgotten. Every lesson is open again.")
    return redirect(url_for("lesson_map.index", _anchor="progress"), code=303)


@blueprint.errorhandler(413)
def too_large(error: Exception) -> ResponseReturnValue:
    """Say it beside the form: a page of its own would tell no more."""
    return _page(f"This file is too large: a progress file has at most {limits.MAX_PROGRESS_BYTES:,} bytes."), 413


def _page(problem: str | None) -> str:
    path = path_map(progress.mine())
    for module in path["modules"]:
        for stop in module["lessons"]:
            stop["href"] = progress.href(lessons()[stop["id"]], stop["step"] if stop["state"] == "begun" else 1)
    return render_template("lessons.html", path=path, problem=problem, has_progress="progress" in session, file=FILE)
