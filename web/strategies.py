"""Reading strategies: the page that runs one script under each, and shows what it came to."""

import inspect
import json
from collections import Counter
from typing import Any, NamedTuple

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lab import limits, strategies
from lab.carry_out import Answer
from lab.fault_actions import Strategies
from lab.language import parse
from lab.sandbox import Sandbox
from lab.strategies_ways import SLEEP_MS
from web import visitor
from web.actions import status_of
from web.forms import line_of

blueprint = Blueprint("strategies", __name__)

LONGEST_BAR = 21
"""A strip is 30 high; above the bar of the longest wait it still says how that visit ended."""

WORDS = {
    "saw": "saw her order at once",
    "waited": "waited, then saw her order",
    "old": "saw an old page",
    "late": "waited, then was shown an old page",
    "gave_up": "waited, then was told: not listed yet",
    "refused": "was refused: sold out",
    "shown_then_refused": "saw an order that was then refused",
}
"""How a visit can end, as the key and the strips' texts say it."""


class Told(NamedTuple):
    """What the page says of a strategy."""

    title: str
    does: str
    nickname: str = ""
    line: str = ""


WAYS = {
    "just_read": Told(
        "Just read",
        "Ask the read store at once. It costs nothing, and the page is as old as the projector is late.",
        line="query order_list mine",
    ),
    "sleep_and_read": Told(
        "Sleep half a second, then read",
        "A guess at how late the projector is. Everybody waits, and many still see an old page.",
        "sleeping",
        "wait 500, then query order_list mine",
    ),
    "read_from_the_write_store": Told(
        "Read from the write store",
        "The store that decided knows. Each such page is work for the store that has to decide.",
        line="query order_list mine via=write",
    ),
    "wait_for_my_receipt": Told(
        "Wait for my receipt",
        "Her command answered with the position of her event. Read as soon as the read model has come that far.",
        line="query order_list mine via=token",
    ),
    "wait_for_everything": Told(
        "Wait for everything",
        "Read when the read model has come to the head of the log. She waits for what strangers did behind her, too.",
        "forcing sync",
        "query order_list mine via=wait",
    ),
    "show_before_it_is_true": Told(
        "Show it before it is true",
        "Show what she typed, and hope for a yes. A no has to be taken back before her eyes.",
        "optimistic",
    ),
    "a_receipt_that_lies": Told(
        "A receipt that lies",
        "The same code as “Wait for my receipt”. The checkpoint has passed her number, her event is not in.",
        line="query order_list mine via=token",
    ),
    "ask_for_my_event": Told(
        "Asked by event, not by number",
        "The projector notes the id of each event that it applied. She asks whether hers is among them.",
    ),
}


@blueprint.get("/strategies")
def show() -> ResponseReturnValue:
    """The last comparison of this sandbox, or an invitation to run one."""
    with visitor.look() as sandbox:
        last = last_run(sandbox)
    return render_template("strategies.html", panel=panel(last, None))


@blueprint.post("/strategies")
def run() -> ResponseReturnValue:
    """Write the line that the form stands for, and do it."""
    with visitor.change() as sandbox:
        answer = sandbox.act(line_of(request.form))
        last = last_run(sandbox)
    status = status_of(answer)
    if status == 200:
        return redirect(url_for("strategies.show"), code=303)
    return render_template("strategies.html", panel=panel(last, answer)), status


def last_run(sandbox: Sandbox) -> tuple[Strategies, list[dict[str, Any]]] | None:
    """Return the last comparison in the journal, and its rows."""
    with sandbox.lock:
        row = sandbox.lab.connection.execute(
            "SELECT line, result FROM journal LEFT JOIN results USING (n)"
            " WHERE line LIKE 'strategies%' AND outcome = 'done' ORDER BY n DESC LIMIT 1"
        ).fetchone()
    if row is None:
        return None
    action = parse(row[0])
    assert isinstance(action, Strategies)
    # A replay leaves the run out, and the oldest results give way; the same line gives the same rows again.
    return action, json.loads(row[1]) if row[1] else strategies.run(action)


def panel(last: tuple[Strategies, list[dict[str, Any]]] | None, answer: Answer | None) -> dict[str, Any]:
    """Return what the page shows: the form as it was filled in, and the rows if there are any."""
    action, rows = last or (Strategies(), [])
    found = {row["strategy"]: row for row in rows}
    longest = max((row["max_ms"] for row in rows), default=0)
    ways = [_way(name, told, found.get(name), longest) for name, told in WAYS.items()]
    return {
        "action": action,
        "ran": bool(rows),
        "ways": [way for way in ways if way["name"] not in strategies.STALLED],
        "stalled": [way for way in ways if way["name"] in strategies.STALLED],
        "refused": rows[0]["refused"] if rows else 0,
        "words": WORDS,
        "problem": answer.reason if answer else None,
        "typed": request.form,
        "most_shoppers": limits.MAX_SHOPPERS,
        "most_seconds": limits.MAX_DELAY_SECONDS,
        "delay": limits.START_DELAY_SECONDS,
        "batch": limits.START_BATCH_EVENTS,
        "sleep": SLEEP_MS,
    }


def _way(name: str, told: Told, row: dict[str, Any] | None, longest: int) -> dict[str, Any]:
    code = strategies.STALLED.get(name) or {way.__name__: way for way in strategies.WAYS}[name]
    return {
        "name": name,
        "told": told,
        "code": inspect.getsource(code).rstrip(),
        "row": row,
        "cells": _cells(row, longest) if row else [],
        "counts": _counts(row) if row else {},
    }


def _cells(row: dict[str, Any], longest: int) -> list[dict[str, Any]]:
    """Return the strip: how each visit ended, and how high its bar of waiting is."""
    return [
        {
            "kind": "from-write" if outcome == "saw" and row["write_reads"] else outcome,
            "bar": round(LONGEST_BAR * milliseconds / longest, 1) if longest else 0,
            "said": WORDS[outcome],
            "ms": milliseconds,
            "events": events,
        }
        for outcome, milliseconds, events in row["each"]
    ]


def _counts(row: dict[str, Any]) -> dict[str, int]:
    """Count how the visits ended, for those who do not see the strip."""
    counted = Counter(outcome for outcome, _, _ in row["each"])
    return {WORDS[outcome]: counted[outcome] for outcome in WORDS if counted[outcome]}
