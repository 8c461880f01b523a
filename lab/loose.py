"""The projector with its guards loosened, as a learner's mode says. Compare it with ``cqrs/read/projector.py``.

The page shows the difference between the two ``project`` functions. Whatever is damaged by this one is damaged
for real: the same store, the same statements, the same commits.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from cqrs.read.projection import Projection
from cqrs.read.projector import POISON, Delivery, OutOfOrder
from cqrs.read.store import ReadStore
from lab import books
from lab.fault_actions import Dedupe, Poisoned


@dataclass(frozen=True, slots=True)
class Guards:
    """What a projection protects itself with. As they stand here, it is the correct projector."""

    atomic: bool = True
    dedupe: Dedupe = "position"
    poison: Poisoned = "halt"


CORRECT = Guards()


class Fate(NamedTuple):
    """What became of one event, when it was more than being applied: see ``lab.outcome.Incident``."""

    position: int
    what: str
    detail: str | None = None


def project(
    store: ReadStore,
    projection: Projection,
    batch: Sequence[Delivery],
    at: Callable[[str], None],
    guards: Guards,
    n: int,
    fates: list[Fate],
) -> None:
    """Apply a batch to one read model with no more care than the guards ask for; add what befell events to ``fates``.

    ``n`` is the number of the action line: done again because the server died, it does not commit its rows twice.
    """
    at("before_begin")
    with store.transaction():
        committed = books.position_after(store, projection.name, n)
        position = store.position(projection.name) if committed is None else committed
        for delivery in batch if committed is None else ():
            fate = deal_with(store, projection, delivery, position, at, guards)
            if fate is not None:
                fates.append(fate)
                if fate.what == "stopped":
                    break
            position = max(position, delivery.event.position)
            at("after_event")
        books.note_line(store, projection.name, n, position)
        if guards.atomic:
            at("before_checkpoint")
            store.move_checkpoint(projection.name, position)
        at("before_commit")
    if not guards.atomic:
        at("before_checkpoint")
        store.move_checkpoint(projection.name, position)
    at("after_commit")


def deal_with(
    store: ReadStore,
    projection: Projection,
    delivery: Delivery,
    position: int,
    at: Callable[[str], None],
    guards: Guards,
) -> Fate | None:
    """Apply one event, or do with it what the guards say; None if it was just the next one."""
    event = delivery.event
    if guards.dedupe == "position" and event.position > position + 1:
        raise OutOfOrder(projection.name, position, event.position)
    if guards.dedupe == "position" and event.position <= position:
        return Fate(event.position, "known", "its position lies behind the checkpoint")
    if guards.dedupe == "on" and books.remembers(store, projection.name, event):
        return Fate(event.position, "known", "its id is remembered")
    first = books.held_behind(store, projection.name, event.stream)
    if first == event.position:
        return Fate(first, "known", "it is parked")
    if first is not None and first < event.position:
        reason = f"waits behind event {first} of the same stream"
        books.park(store, projection.name, event, reason)
        return Fate(event.position, "held", reason)
    try:
        apply_one(store, projection, delivery, at, remember=guards.dedupe == "on")
    except sqlite3.Error as error:
        if not is_poison(error) or not store.connection.in_transaction:
            raise
        if guards.poison == "park":
            books.park(store, projection.name, event, str(error))
        return Fate(event.position, POISONED[guards.poison], f"{event.type}: {error}")
    if event.position == position + 1:
        return None
    return Fate(event.position, "again" if event.position <= position else "early")


POISONED = {"halt": "stopped", "skip": "skipped", "park": "parked"}


def apply_one(
    store: ReadStore, projection: Projection, delivery: Delivery, at: Callable[[str], None], *, remember: bool
) -> None:
    """Run the statements of one event; if one of them fails, none has happened."""
    with _savepoint(store):
        for statement in projection.on.get(delivery.event.type, ()):
            store.run(statement, delivery.parameters)
            at("after_statement")
        if remember:
            books.remember(store, projection.name, delivery.event)


@contextmanager
def _savepoint(store: ReadStore) -> Iterator[None]:
    store.connection.execute("SAVEPOINT one_event")
    try:
        yield
    except BaseException:
        # On a full disk SQLite may have undone the whole transaction by itself, and the savepoint with it.
        if store.connection.in_transaction:
            store.connection.execute("ROLLBACK TO one_event")
            store.connection.execute("RELEASE one_event")
        raise
    store.connection.execute("RELEASE one_event")


def is_poison(error: sqlite3.Error) -> bool:
    """Tell whether an error is the event's own doing, and not that of a lock or a full disk."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in POISON
