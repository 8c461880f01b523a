"""Answers to what cannot be done: each in words, as a page, a partial or JSON."""

import logging
import sqlite3

from flask import Flask, make_response, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from lab import guard, limits
from lab.admission import TooMany
from lab.carry_out import Busy, Unsure
from lab.lesson_progress import NotKept
from lab.pool import Crowded
from lab.shelf import DiskFull, NoSuchSandbox
from lab.values import sentence
from web.doors import TooManyAtOnce
from web.hub import TooManyStreams

log = logging.getLogger(__name__)

WORDS = {
    400: ("Not understood", "The request could not be read. Go back, and try it from the page."),
    403: ("Not from this page", "A form of Lagoon must be sent from a page of Lagoon. Open the page, and try again."),
    404: ("Not here", "There is nothing at this address, or not for you. The sandbox is one click away."),
    405: ("Not that way", "This address does not take that kind of request."),
    413: ("Too large", f"One request may bring at most {limits.MAX_BODY_BYTES:,} bytes. Send less, or in parts."),
    415: ("Wrong kind", "Send the fields of a form, such as line=run."),
    429: ("Too fast", "Too many new sandboxes from this address. Wait a minute, and try again."),
    500: ("Our mistake", "Something went wrong here, and it is written in the server's log. Your sandbox is kept."),
    503: ("Busy", "Nothing was done. Wait a moment, and try again."),
}

TRY_LATER = {
    Busy: "Another program holds this sandbox's files just now. Nothing was done; try again in a moment.",
    Unsure: "It was not done, and that could not be written down: the disk is full, or another program holds lab.db. "
    "Try again in a moment; a command with an id is never done twice.",
    Crowded: "Every place for an open sandbox is taken just now. Nothing was done; try again in a moment.",
    TooManyAtOnce: f"{limits.MAX_REQUESTS_AT_ONCE} requests of yours are under way already. Nothing was done; "
    "try again when one of them is answered.",
    TooManyStreams: "Every live stream is taken, so this page asks for news instead.",
    DiskFull: "The disk is nearly full, so for now everything can be looked at, and nothing changed.",
    NotKept: "Your progress could not be written down: the disk is full, or may not be written to. "
    "Your sandbox is kept; try again in a moment.",
}

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def handle_errors(app: Flask) -> None:
    """Register the answers."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(NoSuchSandbox, lambda error: answer(404))
    app.register_error_handler(TooMany, lambda error: answer(429, str(error), retry=error.seconds))
    app.register_error_handler(guard.Busy, lambda error: answer(503, f"{sentence(str(error))} Nothing was done."))
    app.register_error_handler(sqlite3.OperationalError, store_error)
    for kind, text in TRY_LATER.items():
        app.register_error_handler(kind, lambda error, text=text: answer(503, text))


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer an error of HTTP; keep what its headers say, such as the methods allowed."""
    if error.code is None or error.code < 400:
        return error
    response = make_response(answer(error.code))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def store_error(error: sqlite3.OperationalError) -> ResponseReturnValue:
    """Answer a store that cannot be written now: locked by another program, or the disk is full."""
    log.warning("a store did not answer: %s", error)
    return answer(503 if (error.sqlite_errorcode & 0xFF) in LOCKED else 500)


def answer(code: int, text: str | None = None, retry: float = limits.RETRY_AFTER_SECONDS) -> ResponseReturnValue:
    """Say what is wrong and what would be right, in the form that was asked for."""
    title, words = WORDS.get(code, WORDS[400 if code < 500 else 500])
    headers = {"Retry-After": str(max(1, round(retry)))} if code in (429, 503) else {}
    if wants_json():
        return {"error": title, "reason": text or words}, code, headers
    if request_ctx.url_adapter is None:
        # The Host header names no host, so a page would not know where its links lead.
        return f"{title}: {text or words}\n", code, {"Content-Type": "text/plain; charset=utf-8", **headers}
    template = "error.html"
    if "HX-Request" in request.headers:
        template = "_error.html"
        if request.method == "POST":
            # The place for answers stays what it is, for the next one.
            headers["HX-Reswap"] = "beforeend"
    return render_template(template, code=code, title=title, text=text or words), code, headers


def wants_json() -> bool:
    """Tell whether the request asks for JSON rather than a page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]
