"""The SQL pane: a store is asked, and answers with rows, the work that it took, and the plan. A dialog, or a page."""

import re
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from lab import asked, guard, limits, questions
from lab.actions import Sql
from lab.asked_before import asked as asked_at
from lab.carry_out import Answer
from lab.sql_language import MOST_CHARS
from lab.values import in_quotes, sentence
from web import errors, frames, sql_cells, visitor
from web.actions import status_of
from web.live import live, live_partial
from web.sql_view import SIDES, compared
from web.sql_view import sheet as sheet_of

blueprint = Blueprint("sql", __name__)

STORES = ("read", "write")

FILES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@blueprint.get("/sql/<store>")
def pane(store: str) -> ResponseReturnValue:
    """The pane: what is to be asked stands in it already, from the journal or from a question to begin with."""
    given = request.args.get("n", "")
    with visitor.look() as sandbox, sandbox.lock:
        again = asked_at(sandbox, int(given)) if re.fullmatch(r"[0-9]{1,9}", given, re.ASCII) else None
        carried = request.args.get("text", "")[:MOST_CHARS] or None
        sheet = sheet_of(sandbox, _store(store), again.sql if again and again.store == store else carried)
    return _drawn(sheet)


@blueprint.post("/sql/<store>")
def ask(store: str) -> ResponseReturnValue:
    """Ask what was typed, or a question of the list; the answer is drawn at once, and its line is in the journal."""
    ready = questions.question(request.form.get("question", ""))
    text = ready.sql.strip() if ready else request.form.get("sql", "")
    whole = ready is not None or "again" in request.form
    line = f"sql {_store(store)} {in_quotes(text)}"
    is_new = visitor.sandbox_id() is None
    try:
        with visitor.change(asks=True) as sandbox:
            answer = sandbox.act(line)
    except guard.Busy as busy:
        return _busy(store, text, busy, whole)
    if errors.wants_json():
        return answer.as_json(), status_of(answer)
    return _answered(store, text, answer, is_new, whole)


@blueprint.post("/sql/compare")
def compare() -> ResponseReturnValue:
    """Ask a pair of questions, one of each store, and show both answers beside each other."""
    store, pair = _store(request.form.get("store", "")), questions.pair(request.form.get("pair", "")) or abort(404)
    is_new = visitor.sandbox_id() is None
    try:
        with visitor.change(asks=True) as sandbox:
            if (behind := request.form.get("run", "")) in sandbox.stores.positions():
                sandbox.act(f"run {behind}")
            write, read = (sandbox.act(f"sql {side} {in_quotes(pair.sql(side).strip())}") for side in SIDES)
    except guard.Busy as busy:
        return _busy(store, None, busy, whole=False)
    with visitor.look() as sandbox, sandbox.lock:
        sheet = {**sheet_of(sandbox, store, None), "compared": compared(sandbox, pair, write, read)}
    return _drawn(sheet, is_new=is_new, whole=False)


@blueprint.post("/sql/<store>/rows")
def rows(store: str) -> ResponseReturnValue:
    """The rows as a file. They are asked for again, as they are now; the journal has the question already."""
    kind, text = request.form.get("as", ""), request.form.get("sql", "").replace("\r\n", "\n")
    if kind not in FILES or not 1 <= len(text) <= MOST_CHARS:
        abort(400)
    question = Sql("read" if _store(store) == "read" else "write", text)
    with visitor.look() as sandbox:
        with sandbox.lock:
            sandbox.stores.ensure_read()
            folder, before = sandbox.stores.folder, sandbox.stores.positions()
        answer = asked.ask(folder, question, sandbox.root.name)
        with sandbox.lock:
            read_at, head = asked.read_at(sandbox.stores, question, before), sandbox.write.head()
    if answer.error is not None:
        return errors.answer(422, sentence(answer.error))
    found = asked.result(question, answer, (None, answer.hint), read_at, head)
    at = sql_cells.as_of(found)
    stamp = "" if at is None else f"as-of-event-{at}-"
    name = f"{store}-{stamp}{'first-' if answer.cut else ''}{len(answer.rows)}-rows.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    body = sql_cells.as_json(found, text) if kind == "json" else sql_cells.as_csv(found)
    return Response(body, content_type=FILES[kind], headers=headers)


def _store(name: str) -> str:
    return name if name in STORES else abort(404)


def _busy(store: str, text: str | None, busy: guard.Busy, whole: bool) -> ResponseReturnValue:
    """Say that too many are asking, in the place of the answer; what was typed stays."""
    if errors.wants_json():
        raise busy
    with visitor.look() as sandbox, sandbox.lock:
        sheet = {**sheet_of(sandbox, store, text), "busy": str(busy)}
    return _drawn(sheet, 503, whole=whole)


def _answered(store: str, text: str, answer: Answer, is_new: bool, whole: bool) -> ResponseReturnValue:
    with visitor.look() as sandbox, sandbox.lock:
        sheet = sheet_of(sandbox, store, text, answer)
    return _drawn(sheet, status_of(answer), is_new, whole)


def _drawn(sheet: dict[str, Any], status: int = 200, is_new: bool = False, whole: bool = True) -> ResponseReturnValue:
    """Draw the pane: as a page, as a whole in its place, or only what is new in it."""
    headers = {"Retry-After": str(limits.RETRY_AFTER_SECONDS)} if status == 503 else {}
    if "HX-Request" not in request.headers:
        return render_template("sheet.html", partial="_sql.html", sheet=sheet), status, headers
    if whole:
        text = render_template("_sql.html", sheet=sheet)
    else:
        text = render_template("_sql_answer.html", sheet=sheet)
        text += frames.partial("sql-history", render_template("_sql_history.html", sheet=sheet))
    if is_new and (own := visitor.sandbox_id()) and "/sql/" not in request.headers.get("HX-Current-URL", ""):
        text += live_partial(live(own))
    return text, status, headers
