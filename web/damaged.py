"""The page of a frozen sandbox: what is damaged, its files to take away, and the way to a new one."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lab import replay
from lab.damage import Damaged
from lab.journal import Journal
from web import visitor
from web.errors import wants_json
from web.parts import parts

blueprint = Blueprint("damaged", __name__)

TRANSCRIPT = "transcript.txt"


@blueprint.app_errorhandler(Damaged)
def answer(damaged: Damaged) -> ResponseReturnValue:
    """Say what is damaged, in the form that was asked for. Nothing else can be said of a frozen sandbox."""
    reason = f"this sandbox's write store is damaged: {damaged}; nothing was changed"
    if wants_json():
        return {"error": "Damaged", "reason": reason}, 409
    if "HX-Request" in request.headers:
        return render_template("_error.html", title="Damaged", text=reason), 409, {"HX-Refresh": "true"}
    page = {"what": str(damaged), "files": list(_files(damaged.folder)), "can_replay": _transcript(damaged.folder)}
    return render_template("damaged.html", **page), 409


@blueprint.get("/damaged/<filename>")
def take(filename: str) -> ResponseReturnValue:
    """A file of the visitor's frozen sandbox, byte for byte, or its journal as text."""
    folder = _frozen_folder()
    if folder is None:
        return _to_the_sandbox()
    text = _transcript(folder) if filename == TRANSCRIPT else None
    if text is None and filename not in _files(folder):
        abort(404)
    content = text.encode() if text is not None else _files(folder)[filename].read_bytes()
    kind = "text/plain; charset=utf-8" if text is not None else "application/octet-stream"
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


@blueprint.post("/damaged")
def begin() -> ResponseReturnValue:
    """Begin a new sandbox; the frozen one is kept until its time has come."""
    if _frozen_folder() is not None:
        visitor.begin()
    return _to_the_sandbox()


def _frozen_folder() -> Path | None:
    """Return where the files of the visitor's sandbox are, if it is frozen."""
    own = visitor.sandbox_id()
    damaged = parts().shelf.damage_of(own) if own else None
    return damaged.folder if damaged else None


def _to_the_sandbox() -> ResponseReturnValue:
    here = visitor.lesson()
    return redirect(url_for("lessons.show", lesson_id=here.id) if here else url_for("page.sandbox"), code=303)


def _files(folder: Path) -> dict[str, Path]:
    """Return what there is of the write store and of the journal, with the changes that are not yet in them."""
    names = (f"{store}.db{wal}" for store in ("write", "lab") for wal in ("", "-wal"))
    return {name: folder / name for name in names if (folder / name).exists() and (folder / name).stat().st_size}


def _transcript(folder: Path) -> str | None:
    """Write the journal as text, from a copy; None if it cannot be read."""
    with TemporaryDirectory() as scratch:
        for name, path in _files(folder).items():
            if name.startswith("lab."):
                shutil.copy(path, scratch)
        try:
            with closing(Journal(Path(scratch, "lab.db"), fast=True)) as journal:
                return replay.written(journal) if journal.entries() else None
        except sqlite3.DatabaseError:
            return None
