"""Time travel: the page with a slider over the log. Moving is looking, so it is GET and leaves no line."""

import re
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lab import limits, trail, travel, travel_view
from lab.outcome import CannotDo
from lab.sandbox import Sandbox
from lab.shelf import DiskFull
from web import visitor
from web.parts import parts

blueprint = Blueprint("travel", __name__)

SLICE = 500
"""How many commands one request issues again at most; about 150 ms here."""

AROUND = 3
NUMBER = re.compile(rf"[0-9]{{1,{limits.MAX_INT_DIGITS}}}", re.ASCII)


@blueprint.get("/travel")
def show() -> ResponseReturnValue:
    """Both stores as of an event, beside what differs from another; or how far the way there has come."""
    with visitor.look() as sandbox, sandbox.lock:
        sandbox.stores.ensure_read()
        shown = panel(sandbox)
    status = 503 if shown["problem"] else 200
    if "HX-Request" not in request.headers:
        return render_template("travel.html", panel=shown), status
    if shown["there"]:
        response = make_response(render_template("_travel.html", panel=shown))
        response.headers["HX-Replace-Url"] = url_for("travel.show", at=shown["at"], **shown["chosen"], **_here())
        return response
    # What is shown stays until the rest is there, so that nothing jumps.
    headers = {"HX-Retarget": "#travel-wait", "HX-Reswap": "outerHTML"}
    return render_template("_travel_wait.html", panel=shown), status, headers


@blueprint.get("/travel/head")
def head() -> ResponseReturnValue:
    """Whether the log has gone on since the page was opened."""
    with visitor.look() as sandbox, sandbox.lock:
        now = sandbox.write.head()
    return render_template("_travel_head.html", panel={"of": _number("of", now), "head": now})


@blueprint.post("/travel/leave")
def leave() -> ResponseReturnValue:
    """Let go of the copies; with a form, go back to where one came from."""
    own = visitor.sandbox_id()
    if own is not None:
        with parts().shelf.open(own, visit=False) as sandbox, sandbox.lock:
            sandbox.stores.moments.drop()
    if "back" not in request.form:
        return "", 204
    here = visitor.lesson()
    return redirect(url_for("lessons.show", lesson_id=here.id) if here else url_for("page.sandbox"), code=303)


def _here() -> dict[str, Any]:
    here = visitor.lesson()
    return {"lesson": here.id} if here else {}


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return otherwise
    return int(text) if NUMBER.fullmatch(text) else abort(404)


def panel(sandbox: Sandbox) -> dict[str, Any]:
    """Return where the visitor is in the log, and both stores as of then if that is ready."""
    newest = sandbox.write.head()
    asked = _number("at", newest)
    at = min(max(asked, 1), newest)
    of = max(min(_number("of", newest), newest), at)
    usual = travel.before(at)
    since = min(_number("since", usual), newest)
    chosen = {"since": since} if request.args.get("since") else {}
    return {
        "at": at,
        "since": since,
        "usual": usual,
        "of": of,
        "head": newest,
        "beyond": asked if asked > newest else None,
        "chosen": chosen,
        "carried": {"of": of, **chosen, **_here()},
        "playing": request.args.get("play") == "1" and at < of,
        "line": f"travel {at}" + (f" since={since}" if since != usual else ""),
        **_log(sandbox, at),
        **_stores(sandbox, at, since),
    }


def _log(sandbox: Sandbox, at: int) -> dict[str, Any]:
    """Return the event that one stands at, and those around it, each in its place."""
    around = trail.log_page(sandbox, before=at + AROUND + 1, limit=2 * AROUND + 1)["events"]
    there = {event["position"]: event for event in around}
    places = range(at + AROUND, at - AROUND - 1, -1)
    return {"tape": [there.get(position) for position in places], "event": trail.event(sandbox, at)}


def _stores(sandbox: Sandbox, at: int, since: int) -> dict[str, Any]:
    """Return both stores as of then, or how many events of the way there are done, or why there is no way."""
    try:
        parts().shelf.check_disk()
        journey = travel.go_on(sandbox.stores, at, since, SLICE)
    except DiskFull:
        return {"there": False, "problem": "The disk is nearly full, so no copy of the stores can be made now."}
    except CannotDo as cannot:
        return {"there": False, "problem": f"Not there: {cannot}."}
    if journey is None:
        goal = max(at, since)
        return {"there": False, "problem": None, "done": sandbox.stores.moments.nearest(goal), "goal": goal}
    return {
        "there": True,
        "problem": None,
        "write": travel_view.write_tables(sandbox, journey),
        "read": travel_view.read_tables(sandbox, journey),
    }
