"""The projector: it applies events to read models, in order, and remembers how far it has come.

A batch of events and the checkpoint behind them commit in one transaction. The process may die
anywhere: what was not committed never happened, and the next run begins at the right event.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from cqrs.read.store import ReadStore

Feed = Callable[[int, int], Sequence[RecordedEvent]]
"""The event log as the projector sees it: (after, limit) -> the next events, in order."""

POINTS = ("before_begin", "after_statement", "after_event", "before_checkpoint", "before_commit", "after_commit")

POISON = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG)
"""What an event itself can cause. Any other error (a lock, a full disk) is no event's fault and is raised."""


class Delivery(NamedTuple):
    """An event on its way to the read models, its fields ready as the parameters of SQL statements."""

    event: RecordedEvent
    parameters: dict[str, Any]


def catch_up(store: ReadStore, projections: Iterable[Projection], feed: Feed, limit: int = 100) -> int:
    """Apply up to ``limit`` events to each read model; return how many were applied in all.

    Projections that stand at the same position share one reading of the log.
    """
    batches: dict[int, list[Delivery]] = {}
    applied = 0
    for projection in projections:
        position = store.position(projection.name)
        if position not in batches:
            batches[position] = [deliver(event) for event in feed(position, limit)]
        applied += project(store, projection, batches[position])
    return applied


def deliver(event: RecordedEvent) -> Delivery:
    """Unpack an event: each field of its payload is a parameter, a list as JSON for ``json_each``."""
    fields = msgspec.json.decode(event.payload)
    for name, value in fields.items():
        if isinstance(value, list | dict):
            fields[name] = msgspec.json.encode(value).decode()
    fields["position"] = event.position
    fields["event_id"] = event.event_id
    return Delivery(event, fields)


def project(
    store: ReadStore,
    projection: Projection,
    batch: Sequence[Delivery],
    at: Callable[[str], None] = lambda point: None,
) -> int:
    """Apply a batch to one read model, rows and checkpoint in one transaction; return the events applied.

    An event that cannot be applied is poison: what came before it is kept, and the projection stops
    there with the reason. ``at`` is called at each of POINTS; what it raises undoes the transaction.
    """
    applied = 0
    at("before_begin")
    try:
        with store.transaction():
            position = store.position(projection.name)
            for event, parameters in batch:
                if event.position != position + 1:
                    raise OutOfOrder(projection.name, position, event.position)
                for statement in projection.on.get(event.type, ()):
                    store.run(statement, parameters)
                    at("after_statement")
                position = event.position
                applied += 1
                at("after_event")
            at("before_checkpoint")
            store.move_checkpoint(projection.name, position)
            at("before_commit")
    except sqlite3.Error as error:
        if not batch or getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF not in POISON:
            raise
        applied = min(applied, len(batch) - 1)  # where the commit itself failed, the last event is tried without
        applied = project(store, projection, batch[:applied], at) if applied else 0
        poison = batch[applied].event
        store.set_status(projection.name, "stopped", f"event {poison.position} {poison.type}: {error}")
        return applied
    at("after_commit")
    return applied


class OutOfOrder(Exception):
    """An event came that is not the next one: applying it would lose or repeat something."""

    def __init__(self, name: str, position: int, got: int) -> None:
        super().__init__(f"{name} stands at {position} and was given event {got}")
