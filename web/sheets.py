"""What is looked at more closely: code, schemas, events, rows, long tables and the long log. A dialog, or a page."""

import re
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from lab import broken, limits, sources, trail, xray
from web import frames, visitor
from web.live import seen_now

blueprint = Blueprint("sheets", __name__)

NUMBER = re.compile(rf"[0-9]{{1,{limits.MAX_INT_DIGITS}}}", re.ASCII)


@blueprint.get("/code/command/<name>")
def code_command(name: str) -> ResponseReturnValue:
    """The handler of a command, as it runs."""
    return _sheet("code", sources.code_of_command(name))


@blueprint.get("/code/projection/<name>")
def code_projection(name: str) -> ResponseReturnValue:
    """The file of a projection, as it runs."""
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("code", sources.code_of_projection(sandbox, name))


@blueprint.get("/code/projector")
def code_projector() -> ResponseReturnValue:
    """The projector, as it runs."""
    return _sheet("code", sources.code_of_projector())


@blueprint.get("/break/<name>")
def break_it(name: str) -> ResponseReturnValue:
    """Everything to break a projection with, and to mend it."""
    return _sheet("break", _broken(name))


@blueprint.get("/broken/<name>")
def broken_now(name: str) -> ResponseReturnValue:
    """How that stands now: what the sheet shows anew after each act, and as the sandbox moves."""
    if request.args.get("seen") == seen_now() or (sheet := _broken(name)) is None:
        return "", 204
    return render_template("_broken_now.html", sheet=sheet) + frames.partial(
        "broken", render_template("_broken.html", sheet=sheet)
    )


def _broken(name: str) -> dict[str, Any] | None:
    seen = seen_now()
    with visitor.look() as sandbox, sandbox.lock:
        found = broken.projection(sandbox, name)
    return found and {**found, "seen": seen}


@blueprint.get("/schema/<store>")
def schema(store: str) -> ResponseReturnValue:
    """The CREATE statements of a store."""
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("schema", sources.schema(sandbox, store))


@blueprint.get("/event/<position>")
def event(position: str) -> ResponseReturnValue:
    """An event in full, with its command and its times."""
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("event", trail.event(sandbox, _number(position)))


@blueprint.get("/row/<model>/<key>")
def row(model: str, key: str) -> ResponseReturnValue:
    """A row of a read model, the event that last changed it, and that one's command."""
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("row", trail.row(sandbox, model, key))


@blueprint.get("/table/<store>/<name>")
def table(store: str, name: str) -> ResponseReturnValue:
    """A table, a screenful at a time."""
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("table", xray.table_page(sandbox, store, name, _number(request.args.get("start", "0"))))


@blueprint.get("/log")
def log() -> ResponseReturnValue:
    """The event log, a screenful at a time."""
    before = request.args.get("before")
    with visitor.look() as sandbox, sandbox.lock:
        return _sheet("log", trail.log_page(sandbox, None if before is None else _number(before)))


def _number(text: str) -> int:
    return int(text) if NUMBER.fullmatch(text) else abort(404)


def _sheet(name: str, data: dict[str, Any] | None) -> ResponseReturnValue:
    """Show a sheet; what is not there is not found."""
    if data is None:
        abort(404)
    alone = "HX-Request" in request.headers
    return render_template(f"_{name}.html" if alone else "sheet.html", partial=f"_{name}.html", sheet=data)
