"""The one door to change: a form or a script sends an action line, and gets its answer."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lab.carry_out import Answer
from web import view, visitor
from web.errors import wants_json
from web.forms import line_of
from web.live import live, live_partial
from web.page import draw, keep_for_the_next_page, what_still_holds

blueprint = Blueprint("actions", __name__)

SLOTS = ("write", "read", "line", "break")


@blueprint.post("/actions")
def act() -> ResponseReturnValue:
    """Do one action line in the visitor's sandbox."""
    slot = request.form.get("slot", "line")
    slot = slot if slot in SLOTS else "line"
    is_new = visitor.sandbox_id() is None
    line = line_of(request.form)
    with visitor.change(asks=line.lstrip().startswith("sql ")) as sandbox:
        answer = sandbox.act(line)
    return _show(answer, slot, is_new)


@blueprint.get("/state")
def state() -> ResponseReturnValue:
    """Where both stores of the visitor's sandbox stand, in figures."""
    with visitor.look() as sandbox:
        return sandbox.state()


def status_of(answer: Answer) -> int:
    """Return the HTTP status that says the same as an answer."""
    if answer.outcome in ("accepted", "done"):
        return 200
    return 409 if (answer.reason or "").startswith("conflict:") else 422


def _show(answer: Answer, slot: str, is_new: bool) -> ResponseReturnValue:
    """Show an answer the way it was asked for: as JSON, as a partial, or as the whole page."""
    status = status_of(answer)
    if wants_json():
        return answer.as_json(), status
    if "HX-Request" in request.headers:
        with visitor.look() as sandbox:
            shown = view.answer(sandbox, answer)
        text = render_template(f"_answer_{slot}.html", answer=shown)
        if answer.dropped is not None:
            text += what_still_holds(but=slot)
        if is_new and (own := visitor.sandbox_id()):
            text += live_partial(live(own))
        return text, status, {"HX-Trigger": "lagoon:acted, lagoon:reset" if answer.line == "reset" else "lagoon:acted"}
    if status == 200:
        keep_for_the_next_page(answer, slot)
        here = visitor.lesson()
        return redirect(url_for("lessons.show", lesson_id=here.id) if here else url_for("page.sandbox"), code=303)
    return draw(status, answer, slot)
