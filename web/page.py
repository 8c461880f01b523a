"""The sandbox page."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab.carry_out import Answer
from web import view, visitor
from web.live import live_from, version_now

blueprint = Blueprint("page", __name__)

KEPT_CHARS = 1_000


@blueprint.get("/")
def sandbox() -> ResponseReturnValue:
    """The sandbox, free to play with. The very first visit goes to the first sixty seconds instead."""
    if "met" not in session and "sandboxes" not in session:
        return redirect(url_for("lessons.show", lesson_id="L00"), code=303)
    return render_template("sandbox.html", **context())


def context(answer: Answer | None = None, slot: str = "line") -> dict[str, Any]:
    """Return everything that the page shows, and from which version on it wants news."""
    if answer is None and (kept := session.pop("said", None)):
        slot, answer = kept[0], Answer(*kept[1:])
    version = version_now()
    with visitor.look() as shown, shown.lock:
        page = view.page(shown, answer, slot)
    return {**page, "live": live_from(version, page["panels"]), "typed": request.form}


def keep_for_the_next_page(answer: Answer, slot: str) -> None:
    """Keep an answer in the cookie until the page that a redirect leads to has shown it, if it is short enough."""
    said = (slot, answer.line, answer.outcome, answer.reason, answer.position)
    if len(str(said)) <= KEPT_CHARS:
        session["said"] = said
