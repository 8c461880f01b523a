"""The trail of a fact: from a row to the event that last changed it, to the command that caused it, with the times."""

import json
from collections.abc import Iterable
from typing import Any

from cqrs.events import RecordedEvent
from lab.clock import from_iso
from lab.keys import keys_of
from lab.own import shown
from lab.sandbox import Sandbox
from lab.xray import PAGE


def log_page(sandbox: Sandbox, before: int | None = None, limit: int = PAGE) -> dict[str, Any]:
    """Return the newest events of the log, or those before a position, newest first."""
    head = sandbox.head
    top = head + 1 if before is None else before
    rows = sandbox.write.connection.execute(
        "SELECT * FROM events WHERE position < ? ORDER BY position DESC LIMIT ?", (top, limit)
    )
    events = [summary(RecordedEvent(*row)) for row in rows]
    last = events[-1]["position"] if events else 1
    return {
        "events": events,
        "head": head,
        "older": last if last > 1 else None,
        "newer": min(top + limit, head + 1) if top <= head else None,
    }


def summary(event: RecordedEvent) -> dict[str, Any]:
    """Return an event in a line: its position, its type and what it is about."""
    return {
        "position": event.position,
        "type": event.type,
        "subject": event.stream.partition("-")[2],
        "stream": event.stream,
    }


def event(sandbox: Sandbox, position: int) -> dict[str, Any] | None:
    """Return an event in full, with its command and its five times in each read model."""
    row = sandbox.write.connection.execute("SELECT * FROM events WHERE position = ?", (position,)).fetchone()
    if row is None:
        return None
    recorded = RecordedEvent(*row)
    return {
        **summary(recorded),
        "event": recorded,
        "payload": json.loads(recorded.payload),
        "command": _command(sandbox, recorded.command_id),
        "times": times(sandbox, position),
        "rows": _rows(sandbox, recorded),
        "head": sandbox.head,
    }


def row(sandbox: Sandbox, model: str, key: str) -> dict[str, Any] | None:
    """Return a row of a read model and the event that last changed it, in full."""
    projection = sandbox.projections.get(model)
    if projection is None:
        return None
    parts = key.split(",", len(projection.key) - 1)
    if len(parts) != len(projection.key):
        return None
    where = " AND ".join(f"{column} = ?" for column in projection.key)
    cursor = sandbox.reader.execute(f'SELECT * FROM "{model}" WHERE {where}', parts)
    found = cursor.fetchone()
    if found is None:
        return None
    cells = {column[0]: shown(value) for column, value in zip(cursor.description, found, strict=True)}
    return {"model": model, "key": key, "cells": cells, "event": event(sandbox, cells.get("from_event", 0))}


def _command(sandbox: Sandbox, command_id: str) -> dict[str, Any] | None:
    row = sandbox.write.connection.execute(
        "SELECT name, args, outcome, reason, recorded_at FROM commands WHERE command_id = ?", (command_id,)
    ).fetchone()
    if row is None:
        return None
    name, args, outcome, reason, recorded_at = row
    return {
        "id": command_id,
        "name": name,
        "args": json.loads(args),
        "outcome": outcome,
        "reason": reason,
        "recorded_at": recorded_at,
    }


def _rows(sandbox: Sandbox, recorded: RecordedEvent) -> list[dict[str, str]]:
    """Name the rows that an event made or changed, where it has been applied."""
    found = []
    for name, projection in sandbox.projections.items():
        if recorded.type in projection.on and sandbox.read.position(name) >= recorded.position:
            for key in keys_of(recorded, projection.key):
                found.append({"model": name, "key": ",".join(map(str, key))})
    return found


def times(sandbox: Sandbox, position: int) -> dict[str, Any]:
    """Return when an event's command was received and committed, and, for each read model, how the event came to it
    and when it was picked up, applied, and first read; in microseconds, None where it has not happened."""
    traced = sandbox.lab.connection.execute(
        "SELECT received_at, committed_at FROM trace WHERE position = ?", (position,)
    ).fetchone()
    received, committed = traced or (None, None)
    models = []
    for name in sandbox.projections:
        batch = sandbox.lab.connection.execute(
            "SELECT picked_up_at, applied_at FROM applied"
            " WHERE projection = ? AND to_position >= ? AND from_position < ? ORDER BY to_position LIMIT 1",
            (name, position, position),
        ).fetchone()
        picked_up, applied = batch or (None, None)
        read = first_reads(sandbox, [name], [position]).get(position)
        how = Ways(sandbox, name).of(position)
        models.append({"model": name, "how": how, "picked_up": picked_up, "applied": applied, "read": read})
    return {"received": received, "committed": committed, "models": models}


class Ways:
    """How events come to a read model: 'live', as they happen; 'filled', where they were in the log before it began
    (again); 'never', where it began behind them; 'pending' as long as they have not come."""

    def __init__(self, sandbox: Sandbox, model: str) -> None:
        remembered = sandbox.stores.remembered
        self._from, self._filled = remembered.started_at(model), remembered.filled_to(model)
        self._at = sandbox.stores.positions()[model]

    def of(self, position: int) -> str:
        """Return how one event came."""
        if position <= self._from:
            return "never"
        if position > self._at:
            return "pending"
        return "filled" if position <= self._filled else "live"


def first_reads(sandbox: Sandbox, models: Iterable[str], positions: Iterable[int]) -> dict[int, int]:
    """Return for each of these events when a query first read a page of one of these read models that knew of it."""
    rows = sandbox.lab.connection.execute(
        "SELECT event.value, min(at) FROM json_each(:positions) AS event JOIN queries ON as_of >= event.value"
        " WHERE model IN (SELECT value FROM json_each(:models)) AND via <> 'write' GROUP BY event.value",
        {"positions": json.dumps(list(positions)), "models": json.dumps(list(models))},
    )
    return {position: from_iso(at) for position, at in rows}
