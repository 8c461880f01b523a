"""Two shoppers, one rug: the page on which two sessions run side by side, a step at a time."""

import re
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lab import race, sources
from lab.carry_out import Answer
from lab.race_stage import NAMES
from lab.sandbox import Sandbox
from web import visitor
from web.actions import status_of

blueprint = Blueprint("race", __name__)

TELLING = re.compile(r"BEGIN|COMMIT|ROLLBACK|UPDATE stock|INSERT INTO orders|SELECT .* JOIN stock")

READY_MADE = {
    "read_then_write": {"one after the other": "ada,ada,ada,ben,ben", "both look first": "ada,ben,ada,ben,ada,ben"},
    "guarded": {"one after the other": "ada,ada,ada,ben,ben", "both look first": "ada,ben,ada,ben,ada"},
}
LINES = ("race", "undo")


@blueprint.get("/race")
def show() -> ResponseReturnValue:
    """The race, where its learner left it."""
    with visitor.look() as sandbox:
        return render_template("race.html", panel=panel(sandbox))


@blueprint.post("/race")
def act() -> ResponseReturnValue:
    """Begin a race, let a shopper take a step, or take the last line back."""
    line = request.form.get("line", "")
    with visitor.change() as sandbox:
        known = line.split(maxsplit=1)[:1] in [[verb] for verb in LINES]
        answer = sandbox.act(line) if known else Answer(line, "failed", "here a line begins with race, or is undo")
        shown = panel(sandbox, answer)
    status = status_of(answer)
    if "HX-Request" in request.headers:
        return render_template("_race.html", panel=shown), status
    if status == 200:
        return redirect(url_for("race.show"), code=303)
    return render_template("race.html", panel=shown), status


def panel(sandbox: Sandbox, answer: Answer | None = None) -> dict[str, Any]:
    """Return the race as the page shows it, and what was wrong with the last line if something was."""
    with sandbox.lock:
        way, steps = race.kept(sandbox.stores)
        last = sandbox.lab.connection.execute(
            "SELECT line, outcome, reason FROM journal WHERE origin = 'learner' ORDER BY n DESC LIMIT 1"
        ).fetchone()
    line, outcome, reason = last if last and last[0].startswith("race ") else (None, None, None)
    if answer is not None:
        outcome, reason = answer.outcome, answer.reason
    told = race.run(way, steps)
    return {
        **told,
        "rows": [{**row, "telling": telling(row["sql"])} for row in told["rows"]],
        "names": NAMES,
        "ready": READY_MADE[way],
        "line": line,
        "problem": reason if outcome == "failed" else None,
        "code": sources.code_of_way(way),
    }


def telling(ran: list[str]) -> list[str]:
    """Return the statements that the story is about, up to where a transaction was given up."""
    end = ran.index("ROLLBACK") + 1 if "ROLLBACK" in ran else len(ran)
    return [sql for sql in ran[:end] if TELLING.match(sql)]
