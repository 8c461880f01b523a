"""What can be taken away and brought back: the stores as files, the journal as text, the way there as a link."""

import io
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lab import limits, replay
from lab.experiments import Experiment, experiments
from lab.language import parse
from lab.values import BadLine
from web import visitor
from web.parts import parts

blueprint = Blueprint("take", __name__)

README = """These are the two stores of your Lagoon sandbox, as they were when you took them.

write.db        the write store: the shop's tables, and the event log
read.db         the read store: one table a read model, and the checkpoints
transcript.txt  every line that led here; in Lagoon's folder, this repeats it:  python -m lab replay transcript.txt

To look inside, with what you have or like best:

    sqlite3 write.db "SELECT position, type, payload FROM events"
    sqlite-utils tables read.db --counts
    datasette write.db read.db

Both are ordinary SQLite files. The read store can be made again from the event log in the write store.
"""


@blueprint.get("/export")
def export() -> ResponseReturnValue:
    """Both stores, the journal, and how to open them, in one zip."""
    with visitor.look() as sandbox, sandbox.lock, tempfile.TemporaryDirectory() as folder:
        files = {
            "README.txt": README.encode(),
            "transcript.txt": replay.export(sandbox.stores).encode(),
            "write.db": _copy(sandbox.write.connection, Path(folder, "write.db")),
            "read.db": _copy(sandbox.reader, Path(folder, "read.db")),
        }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return _download(packed.getvalue(), "application/zip", "lagoon.zip")


@blueprint.get("/transcript")
def transcript() -> ResponseReturnValue:
    """The journal as text."""
    with visitor.look() as sandbox, sandbox.lock:
        text = replay.export(sandbox.stores)
    return _download(text.encode(), "text/plain; charset=utf-8", "transcript.txt")


@blueprint.get("/share")
def share() -> ResponseReturnValue:
    """A link that carries the learner's lines, as far as a link can."""
    with visitor.look() as sandbox, sandbox.lock:
        lines = [entry.line for entry in sandbox.lab.entries() if entry.origin == "learner"]
    link = url_for("take.open_", _external=True) + "?lines=" + quote("\n".join(lines))
    too_long = len(link) > limits.MAX_SHARE_LINK_CHARS
    sheet = {"link": None if too_long else link, "lines": lines, "too_long": too_long}
    alone = "HX-Request" in request.headers
    return render_template("_share.html" if alone else "sheet.html", partial="_share.html", sheet=sheet)


@blueprint.get("/open")
def open_() -> ResponseReturnValue:
    """Show the lines of a link, and ask before they are replayed."""
    text = request.args.get("lines", "")
    return render_template("open.html", text=text, problem=None, experiment=_experiment(request.args))


@blueprint.post("/open")
def replay_lines() -> ResponseReturnValue:
    """Replay lines, pasted or from a file, in a new sandbox of the visitor."""
    text, experiment = _text(), _experiment(request.form)
    try:
        transcript = _checked(text)
        parts().shelf.check_disk()
        with parts().shelf.open(visitor.begin()) as sandbox:
            sandbox.replace(transcript)
    except (ValueError, OverflowError) as bad:
        return render_template("open.html", text=text, problem=str(bad), experiment=experiment), 422
    session["met"] = True
    if experiment:
        return redirect(url_for("experiments.show", experiment_id=experiment.id), code=303)
    return redirect(url_for("page.sandbox"), code=303)


def _experiment(given: MultiDict[str, str]) -> Experiment | None:
    """Return the experiment that the lines belong to, if they do."""
    return experiments().get(given.get("experiment", ""))


def _text() -> str:
    file = request.files.get("transcript")
    typed = file.read().decode(errors="replace") if file else ""
    return typed or request.form.get("lines", "")


def _checked(text: str) -> replay.Transcript:
    """Read a transcript for free play, and every line of it, before anything is made."""
    transcript = replay.read(text)
    if not transcript.lines:
        raise BadLine("there is no line to replay; one looks like: cmd place_order customer=c1 product=lamp qty=2")
    if len(transcript.lines) > limits.MAX_TRANSCRIPT_LINES:
        most = f"{limits.MAX_TRANSCRIPT_LINES:,}"
        raise BadLine(f"at most {most} lines can be replayed here; python -m lab replay takes more")
    for number, written in enumerate(transcript.lines, start=1):
        try:
            parse(written.line)
        except BadLine as bad:
            raise BadLine(f"line {number}: {bad}") from None
    return replace(transcript, clock="real")


def _copy(connection: sqlite3.Connection, path: Path) -> bytes:
    """Return a consistent copy of a store as the bytes of one file."""
    with closing(sqlite3.connect(path)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


def _download(content: bytes, kind: str, name: str) -> Response:
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
