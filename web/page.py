"""The sandbox page."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab.carry_out import Answer
from web import view, visitor
from web.live import live_from, version_now

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def sandbox() -> ResponseReturnValue:
    """The sandbox, free to play with. The very first visit goes to the first sixty seconds instead."""
    if "met" not in session and "sandboxes" not in session:
        return redirect(url_for("lessons.show", lesson_id="L00"), code=303)
    return render_template("sandbox.html", **context())


def context(answer: Answer | None = None, slot: str = "line") -> dict[str, Any]:
    """Return everything that the page shows, and from which version on it wants news."""
    version = version_now()
    with visitor.look() as shown, shown.lock:
        page = view.page(shown, answer, slot)
    return {**page, "live": live_from(version, page["panels"]), "typed": request.form}
