"""What came of a trial, as the editor's page shows it: what failed first, and the event at which it did."""

import json
from pathlib import Path
from typing import Any

from lab import steady
from lab.guard.complaint import Names
from lab.guard.hints import hint
from lab.sandbox import Sandbox
from lab.trial_log import event_at
from lab.trial_told import Trial


def told_of(
    tried: Trial, log: Path, sandbox: Sandbox | None = None, there: steady.Subject | None = None
) -> dict[str, Any]:
    """Return what was tried on a log, what failed first; of a live row that is wrong, the journal knows why."""
    entries = tried.tried
    if sandbox is not None and there is not None:
        with sandbox.lock:
            entries = steady.with_causes(sandbox.stores, there, tried)
    failed_first = sorted(entries, key=lambda entry: entry.passed is not False)
    return {
        "trial": tried,
        "entries": [
            {
                "title": entry.title,
                "passed": entry.passed,
                "said": entry.said,
                "rebuild": entry.name == "live" and entry.difference is not None,
                "hint": told_hint(entry.said),
                "event": _event(log, entry.event) if entry.event and entry.passed is False else None,
            }
            for entry in failed_first
            if (entry.name, entry.passed) != ("file", True)
        ],
    }


def _event(log: Path, position: int) -> dict[str, Any]:
    """Return the event at which something failed, with its fields as they stand in the log."""
    event = event_at(log, position)
    fields = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in json.loads(event.payload).items()
    }
    return {"position": position, "type": event.type, "of": event.stream.partition("-")[2], "fields": fields}


def told_hint(said: str | None) -> str | None:
    """Say what to do about what SQLite says, if there is something general to be said."""
    return hint(said, Names([], [])) if said and "SQLite says" in said else None
