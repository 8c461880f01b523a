"""What became of an experiment in a sandbox: each of its lines with its answer, and what can be seen of it now."""

import json
import sqlite3
from typing import Any

from lab.actions import Cmd
from lab.experiments import Experiment
from lab.journal import Entry
from lab.language import parse
from lab.lesson_values import value_of
from lab.sandbox import Sandbox

ROWS = 3


def played(experiment: Experiment, sandbox: Sandbox) -> list[dict[str, Any]] | None:
    """Return the experiment's lines as the journal answers them; None if the sandbox did not begin with them."""
    with sandbox.lock:
        entries = [entry for entry in sandbox.lab.entries() if entry.origin == "learner"][: len(experiment.lines)]
        if [entry.line for entry in entries] != _written(experiment, entries):
            return None
        return [
            {"line": line, "outcome": entry.outcome, "said": _said(sandbox, entry)}
            for line, entry in zip(experiment.lines, entries, strict=True)
        ]


def holds(experiment: Experiment, sandbox: Sandbox) -> list[tuple[str, bool]]:
    """Return what the experiment shows, each with whether it holds in this sandbox now."""
    with sandbox.lock:
        return [(seen.say, _value(sandbox, seen.sql) == seen.is_) for seen in experiment.seen]


def _value(sandbox: Sandbox, sql: str) -> Any:
    """Return the value of a claim's SELECT; None where what it asks for is not there."""
    try:
        return value_of(sandbox, sql)
    except (sqlite3.Error, TypeError):
        return None


def _written(experiment: Experiment, entries: list[Entry]) -> list[str] | None:
    """Return the lines as the journal would have them, which fills in the ids that a line leaves out."""
    if len(entries) < len(experiment.lines):
        return None
    return [_as_journalled(line, entry) for line, entry in zip(experiment.lines, entries, strict=True)]


def _as_journalled(line: str, entry: Entry) -> str:
    action, kept = parse(line), parse(entry.line)
    if isinstance(action, Cmd) and isinstance(kept, Cmd):
        action = action.numbered(entry.n, lambda: dict(kept.values).get("order", ""))
    return str(action)


def _said(sandbox: Sandbox, entry: Entry) -> str:
    """Return what a line answered: its reason, its receipt, or the rows that it read."""
    read = sandbox.lab.connection.execute("SELECT as_of, head, result FROM queries WHERE n = ?", (entry.n,)).fetchone()
    if read is None or entry.reason:
        return entry.reason or (f"receipt #{entry.position}" if entry.outcome == "accepted" else "")
    as_of, head, rows = read[0], read[1], json.loads(read[2])
    shown = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows[:ROWS])
    return f"{shown or 'no row'} (as of event {as_of} of {head})"
