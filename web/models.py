"""Read models of one's own: the list of them, the page on which one is written, and the files they are."""

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lab import own_text
from lab.actions import ModelWrite
from lab.own_language import NAME
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from lab.tasks import task_of
from lab.values import quoted
from web import frames, model_answers, model_typed, model_views, view, visitor
from web.actions import status_of
from web.model_typed import LINE_END, Typed

blueprint = Blueprint("models", __name__)

LINES = {"drop": "model drop {}", "add": "model add {}", "forget": "model forget {}", "undo": "undo", "run": "run {}"}
"""What can be done with a read model in the list."""

SINCE = "Something was done since, and Undo would take that back first. Undo in the shop goes back line by line."
TOLD_CHARS = 500


@blueprint.get("/models")
def index() -> ResponseReturnValue:
    """The read models of one's own, the tasks, and where another can begin."""
    return _index()


@blueprint.get("/models/own")
def own() -> ResponseReturnValue:
    """How those of one's own stand now, as the list shows it."""
    with visitor.look() as sandbox:
        return render_template("_models_own.html", panel=model_views.own(sandbox))


@blueprint.post("/models")
def line() -> ResponseReturnValue:
    """Drop one of one's own, add it again, forget its text, or take back that it was forgotten."""
    wanted, name = request.form.get("do", ""), request.form.get("name", "")
    if wanted not in LINES:
        abort(400)
    with visitor.change() as sandbox:
        if wanted == "undo" and not _was_forgotten_last(sandbox, name):
            return _index(SINCE), 422
        answer = sandbox.act(LINES[wanted].format(quoted(name)))
    if status_of(answer) != 200:
        return _index(answer.reason), status_of(answer)
    if wanted == "run":
        is_part = "HX-Request" in request.headers
        return standing(name) if is_part else redirect(url_for("models.edit", name=name, **_here()), code=303)
    if wanted in ("forget", "undo"):
        session["done"] = {"do": wanted, "name": name, "reason": (answer.reason or "")[:TOLD_CHARS]}
    return redirect(_list(), code=303)


def _was_forgotten_last(sandbox: Sandbox, name: str) -> bool:
    last = view.last_answer(sandbox)[1]
    return last is not None and last["line"] == LINES["forget"].format(quoted(name))


@blueprint.get("/models/new")
def new() -> ResponseReturnValue:
    """The editor, with a copy of a read model, with what a task begins with, or with a small example."""
    with visitor.look() as sandbox:
        typed = model_typed.beginning(sandbox, request.args.get("copy", ""), request.args.get("task", ""))
        is_there = typed and model_views.standing(sandbox, typed.name)
    if typed and is_there:
        return redirect(url_for("models.edit", name=typed.name, **_here()), code=303)
    return _editor(typed) if typed else abort(404)


@blueprint.get("/models/<name>/edit")
def edit(name: str) -> ResponseReturnValue:
    """The editor, with one of one's own; where there is none of that name any more, the list."""
    with visitor.look() as sandbox:
        panel = model_views.standing(sandbox, name)
    return _editor(Typed(name, panel["source"], was=name)) if panel else redirect(_list(), code=303)


@blueprint.get("/models/<name>/standing")
def standing(name: str) -> ResponseReturnValue:
    """How one of one's own stands now."""
    with visitor.look() as sandbox:
        panel = model_views.standing(sandbox, name)
    if panel is None:
        return "", 204
    rows = frames.partial("model-rows", render_template("_model_rows.html", panel=panel))
    return render_template("_model_standing.html", panel=panel) + rows


@blueprint.get("/models/<name>.sql")
def file(name: str) -> ResponseReturnValue:
    """The file of a read model, one's own or built in."""
    with visitor.look() as sandbox, sandbox.lock:
        source = sandbox.stores.own().get(name) or (BUILT_IN[name].source if name in BUILT_IN else abort(404))
    headers = {"Content-Disposition": f'attachment; filename="{name}.sql"'}
    return Response(source.encode(), content_type="application/sql; charset=utf-8", headers=headers)


@blueprint.post("/models/import")
def bring() -> ResponseReturnValue:
    """Open a file in the editor; nothing is added yet."""
    file, source = request.files.get("file"), request.form.get("source", "")
    try:
        source = file.read().decode("utf-8-sig") if file and file.filename else source
    except UnicodeDecodeError:
        return _index(brought="This file is not UTF-8 text. Save it as UTF-8, and bring it again."), 422
    source = LINE_END.sub("\n", source)
    if problem := own_text.why_not_brought(source):
        return _index(brought=problem, source=source), 422
    named = own_text.name_of(source, file.filename or "" if file else "")
    with visitor.look() as sandbox, sandbox.lock:
        taken = {*BUILT_IN, *sandbox.stores.own()}
    return _editor(Typed(named if NAME.fullmatch(named) else own_text.free(named, taken), source, given=True))


@blueprint.post("/models/edit")
def act() -> ResponseReturnValue:
    """Do what a button of the editor's page asks for: look it over, try it, add it, or give its table another name."""
    typed, wanted = model_typed.typed(request.form), request.form.get("do", "check")
    if wanted == "add":
        return _add(typed)
    if wanted == "rename":
        return _editor(typed._replace(source=own_text.renamed(typed.source, typed.name)))
    if wanted == "name":
        return _editor(typed._replace(name=own_text.made_by(typed.source) or typed.name))
    if wanted == "over":
        return _over(typed)
    if wanted not in model_answers.PARTS or (wanted == "task" and task_of(typed.name) is None):
        abort(400)
    if writes := wanted in (*model_answers.FIRST, model_answers.REBUILD):
        with visitor.change() as sandbox:
            for line in model_answers.made_first(sandbox, wanted, typed.was):
                sandbox.act(line)
    if "HX-Request" not in request.headers:
        return _editor(typed, wanted)
    with visitor.look() as sandbox:
        answers = model_answers.parts(sandbox, typed, wanted)
        if writes:
            answers["events"] = model_views.events(sandbox)
            standing = model_views.standing(sandbox, typed.was)
            answers |= {"standing": standing, "rows": standing} if standing else {}
    return "".join(_partial(name, panel, first=name == model_answers.PARTS[wanted]) for name, panel in answers.items())


def _partial(name: str, panel: dict[str, Any], *, first: bool) -> str:
    html = render_template(f"_model_{name}.html", panel=panel)
    return html if first else frames.partial(f"model-{name}", html)


def _add(typed: Typed) -> ResponseReturnValue:
    """Write the line, if nothing is left to mend."""
    page = model_views.editor(typed)
    if page["checked"].get("findings", True):
        return render_template("model.html", **page), 422
    with visitor.change() as sandbox:
        answer = sandbox.act(str(ModelWrite(typed.name, typed.source)))
    if status_of(answer) == 200:
        return redirect(url_for("models.edit", name=typed.name, **_here()), code=303)
    page["checked"]["problem"] = answer.reason
    return render_template("model.html", **page), status_of(answer)


def _over(typed: Typed) -> ResponseReturnValue:
    """Go on with a text as a new one of the read model that has its name already."""
    with visitor.look() as sandbox, sandbox.lock:
        is_own = sandbox.stores.is_own(typed.name)
    return _editor(typed._replace(was=typed.name, began="", task="")) if is_own else abort(400)


def _editor(typed: Typed, wanted: str = "check") -> ResponseReturnValue:
    page = model_views.editor(typed, wanted)
    to_mend = request.method == "POST" and page["checked"].get("findings")
    return render_template("model.html", **page), 422 if to_mend else 200


def _index(problem: str | None = None, **more: str) -> str:
    with visitor.look() as sandbox:
        panel = model_views.index(sandbox)
    return render_template("models.html", panel=panel, problem=problem, done=session.pop("done", None), **more)


def _list() -> str:
    return url_for("models.index", **_here())


def _here() -> dict[str, Any]:
    here = visitor.lesson()
    return {"lesson": here.id} if here else {}
