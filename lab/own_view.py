"""What is shown of a read model of one's own: what is to be mended in its text, its dry run, and how it stands."""

import re
from pathlib import Path
from typing import Any

from lab import guard, limits, own_text, progress, standing, stopped
from lab.guard import Finding, Model, Rehearsed
from lab.guard.complaint import Names
from lab.guard.hints import hint
from lab.own import plain, shown
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from lab.trial_words import is_poison, stops
from lab.xray import fetch


def looked_over(model: Model, taken: set[str], who: str) -> dict[str, Any]:
    """Say everything that is to be mended in a text, each with its place; how many statements were read."""
    checked = guard.check(model, sorted(taken), who)
    projection = own_text.read(model.name, model.source)
    made = own_text.made_by(model.source)
    statements = len(projection.create) + sum(map(len, projection.on.values())) if projection else 0
    return {
        "findings": [_told(finding) for finding in sorted(checked.findings, key=_line)],
        "marks": [_mark(finding) for finding in checked.findings if finding.place],
        "columns": checked.columns,
        "statements": statements,
        # Without a table, no statement that changes it can be tried.
        "read": statements if checked.columns else len(projection.create) if projection else 0,
        "made": made if made and made != model.name and made not in BUILT_IN else None,
    }


def _line(finding: Finding) -> int:
    return finding.place.line if finding.place else 0


def _told(finding: Finding) -> dict[str, Any]:
    return {"line": _line(finding) or None, "said": _sentence(finding.said), "hint": _sentence(finding.hint or "")}


def _sentence(said: str) -> str:
    said = said.strip()
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith(('.', '?', '!')) else '.'}" if said else ""


def _mark(finding: Finding) -> dict[str, Any]:
    assert finding.place
    said = f"{finding.said}. {finding.hint or ''}".strip()
    return {
        "line": finding.place.line,
        "column": finding.place.column,
        "length": len(finding.place.word),
        "said": said,
    }


STOPPED_IN = re.compile(r"\(line (\d+)\)")
"""Where a stop says in which line of the file its statement begins."""


def stop_marks(source: str, *said: str | None) -> list[dict[str, Any]]:
    """Return the lines of a text that a stop names, as the editor underlines them."""
    lines = source.split("\n")
    return [
        {"line": number, "column": len(lines[number - 1]) - len(text) + 1, "length": len(text.rstrip()), "said": why}
        for why in dict.fromkeys(filter(None, said))
        for number in map(int, STOPPED_IN.findall(why))
        if number <= len(lines) and (text := lines[number - 1].lstrip())
    ]


# Dry run


def dry_run(model: Model, write_db: Path, who: str) -> dict[str, Any]:
    """Apply the log to a text in memory, and show what the last events changed, row by row."""
    rehearsed = guard.rehearse(model, write_db, who=who)
    if not isinstance(rehearsed, Rehearsed):
        return {"refused": rehearsed.reason}
    return {
        "refused": None,
        "columns": rehearsed.columns,
        "changes": [_change(rehearsed.columns, change) for change in rehearsed.changes],
        "numbers": _numbers([change.after or change.before or () for change in rehearsed.changes]),
        "effects": rehearsed.effects,
        "rows": rehearsed.rows,
        "position": rehearsed.position,
        "cut": rehearsed.cut,
        "stopped": stops(rehearsed.stopped) if rehearsed.stopped else None,
        "poison": bool(rehearsed.stopped) and is_poison(str(rehearsed.stopped)),
    }


def _change(columns: tuple[str, ...], change: guard.Change) -> dict[str, Any]:
    before, after = change.before, change.after
    kind = "added" if before is None else "removed" if after is None else "changed"
    old, new = before or after or (), after or before or ()
    cells = [
        {"column": column, "was": plain(was), "value": plain(value), "differs": was != value}
        for column, was, value in zip(columns, old, new, strict=True)
    ]
    return {"kind": kind, "cells": cells}


def _numbers(rows: list[tuple[Any, ...]]) -> list[bool]:
    """Tell which columns hold figures."""
    return [all(isinstance(value, int | float | None) for value in column) for column in zip(*rows, strict=True)]


# How it stands

FIRST_ROWS = 5


def source_of(sandbox: Sandbox, name: str) -> str | None:
    """Return the text of one of one's own as it was saved last: it may still be filled beside."""
    edited: str | None = sandbox.stores.next.standing().get(name, {}).get("text")
    return edited or sandbox.stores.own().get(name)


def _switched(sandbox: Sandbox, name: str) -> int | None:
    """Return as of which event readers were switched over to a new text, if that was the last that was done to it."""
    row = sandbox.lab.connection.execute(
        "SELECT line, position FROM journal WHERE outcome = 'done' AND"
        " (line = :switch OR line IN (:add, :drop) OR line > :text AND line < :behind) ORDER BY n DESC LIMIT 1",
        {
            "switch": f"model switch {name}",
            "add": f"model add {name}",
            "drop": f"model drop {name}",
            "text": f'model write {name} "',
            "behind": f"model write {name} #",
        },
    ).fetchone()
    return row[1] if row and row[0] == f"model switch {name}" else None


def _what_to_do(stop: stopped.Stop | None) -> str | None:
    return hint(stop.said, Names([], [])) if stop and "SQLite says" in stop.said else None


def rows_of(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Return the first rows of one of one's own as its table stands; None if it is not in the read store."""
    projection = sandbox.projections.get(name)
    if projection is None:
        return None
    total: int = sandbox.reader.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    order = ", ".join(f'"{column}"' for column in projection.key)
    columns, found = fetch(sandbox.reader, f'SELECT * FROM "{name}" ORDER BY {order} LIMIT {FIRST_ROWS}')
    rows = [[shown(row[column]) for column in columns] for row in found]
    return {"columns": columns, "rows": rows, "total": total}


def standing_of(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Say how one of one's own stands: in the read store, filled beside, or only its text; None if there is none."""
    source = source_of(sandbox, name)
    if source is None:
        return None
    at = next((at for at in standing.standings(sandbox) if at.name == name), None)
    beside = next((each for each in progress.beside(sandbox) if each["name"] == name and not each["switched"]), None)
    behind = at is not None and at.status == "running" and at.behind > 0
    real = sandbox.stores.clock.kind == "real"
    return {
        "name": name,
        "source": source,
        "about": own_text.about(source),
        "at": at,
        "stop": (stop := stopped.why(at)),
        "why": _sentence(stop.said) if stop else None,
        "hint": _what_to_do(stop),
        "table": rows_of(sandbox, name),
        "batch": sandbox.stores.settings.batch,
        "delay": sandbox.stores.settings.delay_of(name),
        "fill": {"events": limits.FILL_BATCH_EVENTS, "pause": limits.FILL_PAUSE_SECONDS},
        "switched": _switched(sandbox, name),
        "beside": beside,
        "moves": real and (behind or bool(beside and not beside["stopped"])),
        "head": sandbox.write.head(),
        "real": real,
        "now": sandbox.stores.clock.now(),
    }
