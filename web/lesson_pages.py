"""The page of each lesson, and the bets and buttons in it."""

import re
from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab import lessons
from lab.lesson_files import Lesson
from lab.sandbox import Sandbox
from web import frames, progress, stage, visitor
from web.live import live, live_from, live_partial, version_now

blueprint = Blueprint("lessons", __name__)

BUTTON = re.compile("[0-9]{1,2}", re.ASCII)


@blueprint.get("/lessons/<lesson_id>")
def show(lesson_id: str) -> ResponseReturnValue:
    """A lesson, where its learner left it."""
    session["met"] = True
    progress.enter(visitor.lesson() or abort(404))
    return lesson_page(None)


@blueprint.post("/lessons/<lesson_id>/bet")
def bet(lesson_id: str) -> ResponseReturnValue:
    """Lock a bet in, and let it act."""
    choice = request.form.get("choice", "")
    return _press(lambda lesson, sandbox: lessons.bet(lesson, sandbox, choice))


@blueprint.post("/lessons/<lesson_id>/do")
def do(lesson_id: str) -> ResponseReturnValue:
    """Press a button of the present step."""
    button = request.form.get("button", "")
    number = int(button) if BUTTON.fullmatch(button) else -1
    return _press(lambda lesson, sandbox: lessons.do(lesson, sandbox, number))


@blueprint.post("/lessons/<lesson_id>/restart")
def restart(lesson_id: str) -> ResponseReturnValue:
    """Begin the lesson again."""
    return _press(lambda lesson, sandbox: lessons.restart(sandbox))


def _press(act: Callable[[Lesson, Sandbox], object]) -> ResponseReturnValue:
    """Do what a lesson's page asks for. With htmx the panels come by the live channel, so there is little to say."""
    lesson = visitor.lesson() or abort(404)
    is_new = visitor.sandbox_id() is None
    try:
        with visitor.change() as sandbox:
            act(lesson, sandbox)
    except lessons.NotNow as not_now:
        return lesson_page(str(not_now))
    if "HX-Request" in request.headers:
        text = live_partial(live(visitor.sandbox_id())) if is_new else ""
        return text, 200 if text else 204, {"HX-Trigger": "lagoon:acted"}
    return redirect(url_for("lessons.show", lesson_id=lesson.id), code=303)


def lesson_page(problem: str | None) -> ResponseReturnValue:
    """Show the lesson as it stands, with what was wrong if something was."""
    lesson = visitor.lesson() or abort(404)
    status = 200 if problem is None else 422
    version = version_now()
    with visitor.look() as sandbox:
        view = stage.lesson(lesson, sandbox)
    if "HX-Request" in request.headers:
        return frames.partial("lesson", render_template("_lesson.html", panel=view)), status
    channel = live_from(version, {"lesson": view})
    return render_template("lesson.html", panel=view, live=channel, problem=problem), status
