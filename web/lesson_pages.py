"""The page of each lesson, and what is pressed in it."""

import re
from collections.abc import Callable

from flask import Blueprint, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from lab import lesson_path, lessons
from lab.lesson_files import Lesson
from lab.lesson_hints import PATIENCE_SECONDS, hint_now
from lab.lesson_prepared import open_at
from lab.lesson_progress import Progress
from lab.sandbox import Sandbox
from web import page, progress, visitor
from web.live import live, live_partial
from web.parts import parts
from web.rail import rail

blueprint = Blueprint("lessons", __name__)

NUMBER = re.compile("[0-9]{1,2}", re.ASCII)


@blueprint.get("/lessons/<lesson_id>")
def show(lesson_id: str) -> ResponseReturnValue:
    """A lesson where its learner left it, or at the step that a link names."""
    session["met"] = True
    lesson = _lesson()
    progress.enter(lesson)
    wanted = request.args.get("step")
    if wanted is None:
        return page.draw()
    if _is_step(lesson, wanted) and _has_begun():
        return page.draw(asked_for=int(wanted))
    return _open(lesson, wanted)


@blueprint.post("/lessons/<lesson_id>/open")
def open_(lesson_id: str) -> ResponseReturnValue:
    """Open a step; what stood in the lesson's sandbox is replaced."""
    return _open(_lesson(), request.form.get("step", ""))


def _is_step(lesson: Lesson, wanted: str) -> bool:
    return 1 <= _number(wanted) <= len(lesson.step)


def _open(lesson: Lesson, wanted: str) -> ResponseReturnValue:
    """Put the lesson's sandbox where a step begins, and lead there."""
    if not _is_step(lesson, wanted):
        reason = f"There is no step “{wanted[:20]}”: {lesson.id} has 1 to {len(lesson.step)}."
        return page.draw(404, problem=reason)
    with visitor.change() as sandbox, progress.change() as mine:
        open_at(lesson, sandbox, mine, int(wanted))
    return redirect(url_for("lessons.show", lesson_id=lesson.id), code=303)


@blueprint.post("/lessons/<lesson_id>/bet")
def bet(lesson_id: str) -> ResponseReturnValue:
    """Lock a bet in, and let it act."""
    choice = request.form.get("choice", "")
    return _press(lambda lesson, sandbox, mine: lessons.bet(lesson, sandbox, mine, choice))


@blueprint.post("/lessons/<lesson_id>/do")
def do(lesson_id: str) -> ResponseReturnValue:
    """Press a button of the present step."""
    number = _number(request.form.get("button", ""))
    return _press(lambda lesson, sandbox, mine: lessons.do(lesson, sandbox, mine, number))


@blueprint.post("/lessons/<lesson_id>/restart")
def restart(lesson_id: str) -> ResponseReturnValue:
    """Begin the lesson again."""
    return _press(lessons.restart, anew=True)


@blueprint.post("/lessons/<lesson_id>/answer")
def answer(lesson_id: str) -> ResponseReturnValue:
    """Answer a question that the lesson asks."""
    owner, kind = request.form.get("owner", ""), request.form.get("kind", "")
    choice = _number(request.form.get("choice", ""))
    return _say(lambda lesson, sandbox, mine: lesson_path.answer(lesson, mine, owner, kind, choice))


@blueprint.post("/lessons/<lesson_id>/hint")
def hint(lesson_id: str) -> ResponseReturnValue:
    """Show a hint, or the next level of it: asked for, or by the page itself after a while without progress."""
    key = request.form.get("key")
    return _say(lambda lesson, sandbox, mine: _hint(lesson, sandbox, mine, key))


def _hint(lesson: Lesson, sandbox: Sandbox, mine: Progress, key: str | None) -> None:
    """Note the hint to show. A page that asks by itself says since which state; if there was progress, it waits on."""
    if key is None:
        hint_now(lesson, sandbox, mine, 0, asked=True)
        return
    patience = rail(lesson, sandbox, mine)["patience"]
    if patience and patience["key"] == key:
        hint_now(lesson, sandbox, mine, PATIENCE_SECONDS, asked=False)


Act = Callable[[Lesson, Sandbox, Progress], object]


def _press(act: Act, *, anew: bool = False) -> ResponseReturnValue:
    """Do what changes the lesson's sandbox."""
    lesson = _lesson()
    is_new = visitor.sandbox_id() is None
    try:
        with visitor.change() as sandbox, sandbox.lock, progress.change() as mine:
            act(lesson, sandbox, mine)
    except lessons.NotNow as not_now:
        return _not_now(str(not_now))
    return _pressed(lesson, is_new=is_new, anew=anew)


def _say(act: Act) -> ResponseReturnValue:
    """Do what changes only what is known of the learner."""
    lesson = _lesson()
    try:
        with visitor.look() as sandbox, sandbox.lock, progress.change() as mine:
            act(lesson, sandbox, mine)
    except lessons.NotNow as not_now:
        return _not_now(str(not_now))
    if own := visitor.sandbox_id():
        parts().hub.stir(own)
    return _pressed(lesson, is_new=False)


def _pressed(lesson: Lesson, *, is_new: bool, anew: bool = False) -> ResponseReturnValue:
    """Show the rail anew. The other panels come by the live channel."""
    if "HX-Request" not in request.headers:
        return redirect(url_for("lessons.show", lesson_id=lesson.id), code=303)
    text = page.guide() + (live_partial(live(visitor.sandbox_id())) if is_new else "")
    if anew:
        text += page.what_still_holds()
    return text, {"HX-Trigger": "lagoon:acted, lagoon:reset" if anew else "lagoon:acted"}


def _not_now(reason: str) -> ResponseReturnValue:
    if "HX-Request" in request.headers:
        return page.guide(), 422
    return page.draw(422, problem=reason)


def _has_begun() -> bool:
    """Tell whether something stands in the lesson's sandbox that its learner would lose."""
    if visitor.sandbox_id() is None:
        return False
    with visitor.look() as sandbox, sandbox.lock:
        return any(entry.origin == "learner" for entry in sandbox.lab.entries())


def _lesson() -> Lesson:
    return visitor.lesson() or abort(404)


def _number(text: str) -> int:
    return int(text) if NUMBER.fullmatch(text) else -1
