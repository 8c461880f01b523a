"""The whole sandbox page: every panel, the composers, and the last answer where it belongs."""

import re
from typing import Any

from lab import broken, taken_back
from lab.carry_out import Answer, first_reason
from lab.composer import COMMANDS
from lab.lesson_prefill import prefill
from lab.sandbox import Sandbox
from web import offer, progress, rail, stage, visitor
from web.asking import queries
from web.panels import PANELS

SHOWN_CHARS = 300

WRITTEN = re.compile(r"""(model write \w+ ")(?:[^"\\]|\\.)*""")
"""A line with a text of one's own, as far as the quote behind it."""


def answer(sandbox: Sandbox, given: Answer) -> dict[str, Any]:
    """Return an answer as it is shown where the action was asked for."""
    return {
        "line": _short(given.line),
        "outcome": given.outcome,
        "reason": WRITTEN.sub(r"\1…", given.reason) if given.reason else given.reason,
        "position": given.position,
        "took_ms": given.took_ms,
        "repeated": given.repeated,
        "hint": given.result.get("hint") if given.line.startswith("sql ") and given.result else None,
        "event": _type_of(sandbox, given.position if given.line.startswith("cmd ") else None),
    }


def _short(line: str) -> str:
    """Return a line as a page shows it: of a long one the beginning, of a text of one's own that it is there."""
    line = WRITTEN.sub(r"\1…", line)
    return line if len(line) <= SHOWN_CHARS else f"{line[: SHOWN_CHARS - 1]}…"


def _type_of(sandbox: Sandbox, position: int | None) -> str | None:
    if position is None:
        return None
    with sandbox.lock:
        row = sandbox.write.connection.execute("SELECT type FROM events WHERE position = ?", (position,)).fetchone()
    return row[0] if row else None


def last_answer(sandbox: Sandbox, verb: str = "") -> tuple[str, dict[str, Any] | None]:
    """Return the learner's last answer from the journal, and the slot it belongs to; nothing is lost by a reload."""
    with sandbox.lock:
        row = sandbox.lab.connection.execute(
            "SELECT line, outcome, reason, position FROM journal"
            " WHERE origin = 'learner' AND outcome IS NOT NULL AND line LIKE ? || '%' ORDER BY n DESC LIMIT 1",
            (verb,),
        ).fetchone()
    if row is None:
        return "line", None
    line, outcome, reason, position = row
    slot = {"cmd": "write", "query": "read"}.get(line.split()[0], "line")
    repeated, reason = first_reason(reason)
    return slot, answer(sandbox, Answer(line, outcome, reason, position, repeated=repeated))


def undo(sandbox: Sandbox) -> dict[str, Any]:
    """What undo would take back now, for those who play freely."""
    line = taken_back.next_line(sandbox.lab)
    return {"line": line and _short(line)}


def panels(sandbox: Sandbox) -> dict[str, Any]:
    """Return every panel of the page that a request is about: free play, a lesson, or the opener on its big stage."""
    here = visitor.lesson()
    with sandbox.still():
        if here is not None and stage.suits(here):
            return {"lesson": stage.lesson(here, sandbox, progress.mine())}
        shown = {name: panel(sandbox) for name, panel in PANELS.items()}
        return (
            {**shown, "undo": undo(sandbox)}
            if here is None
            else {**shown, "rail": rail.rail(here, sandbox, progress.mine())}
        )


def page(sandbox: Sandbox, given: Answer | None = None, slot: str = "line") -> dict[str, Any]:
    """Return the context of the whole page: every panel, the composers, and the last answer in its slot."""
    if given is None:
        slot, last = last_answer(sandbox)
    else:
        last = answer(sandbox, given)
    offered = offer.here()
    commands = {name: spec for name, spec in COMMANDS.items() if offered(f"cmd {name}")}
    dropped = set(sandbox.stores.own()) - sandbox.stores.checkpoints().keys()
    asked = {name: how for name, how in queries(sandbox).items() if name not in dropped and offered(f"query {name}")}
    here = visitor.lesson()
    verb, name = [*last["line"].split(), "", ""][:2] if last else ("", "")
    return {
        "panels": panels(sandbox),
        "commands": commands,
        "prefill": prefill(here) if here else {},
        "queries": asked,
        "own": sandbox.stores.own(),
        "answers": {slot: last},
        "protections": broken.MEANS,
        "tab": name if verb == "cmd" and name in commands else next(iter(commands), None),
        "model": name if verb == "query" and name in asked else next(iter(asked), None),
    }
