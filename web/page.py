"""The sandbox page: in free play, and in a lesson."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab.carry_out import Answer
from lab.lesson_prepared import solution
from web import frames, stage, view, visitor
from web.live import live_from, version_now

blueprint = Blueprint("page", __name__)

KEPT_CHARS = 1_000


@blueprint.get("/")
def sandbox() -> ResponseReturnValue:
    """The sandbox, free to play with. The very first visit goes to the first sixty seconds instead."""
    if "met" not in session and "sandboxes" not in session:
        return redirect(url_for("lessons.show", lesson_id="L00"), code=303)
    return draw()


def draw(status: int = 200, answer: Answer | None = None, slot: str = "line", **more: Any) -> ResponseReturnValue:
    """Show the whole page of a request: free play, or its lesson; with an answer, and what else there is to say."""
    here = visitor.lesson()
    template = "sandbox.html" if here is None else "lesson.html" if stage.suits(here) else "guided.html"
    return render_template(template, **context(answer, slot), **more), status


def guide() -> str:
    """Return what leads through the lesson of a request, drawn anew for a page that shows it already."""
    with visitor.look() as shown:
        panels = view.panels(shown)
    name = "rail" if "rail" in panels else "lesson"
    return frames.partial(name, render_template(f"_{name}.html", panel=panels[name]))


def what_still_holds(but: str = "") -> str:
    """Return the answers anew after lines were taken back: each is of a line that is still there, or it is gone."""
    with visitor.look() as sandbox:
        answers = {"write": view.last_answer(sandbox, "cmd ")[1], "read": view.last_answer(sandbox, "query ")[1]}
    return "".join(
        frames.partial(f"answer-{slot}", render_template(f"_answer_{slot}.html", answer=answers.get(slot)))
        for slot in ("write", "read", "line")
        if slot != but
    )


def context(answer: Answer | None = None, slot: str = "line") -> dict[str, Any]:
    """Return everything that the page shows, and from which version on it wants news."""
    if answer is None and (kept := session.pop("said", None)):
        slot, answer = kept[0], Answer(*kept[1:])
    version = version_now()
    with visitor.look() as shown, shown.still():
        page = view.page(shown, answer, slot)
    here = visitor.lesson()
    solved = solution(here) if here and request.args.get("solution") == "1" else None
    return {**page, "live": live_from(version, page["panels"]), "typed": request.form, "solution": solved}


def keep_for_the_next_page(answer: Answer, slot: str) -> None:
    """Keep an answer in the cookie until the page that a redirect leads to has shown it, if it is short enough."""
    said = (slot, answer.line, answer.outcome, answer.reason, answer.position)
    if len(str(said)) <= KEPT_CHARS:
        session["said"] = said
