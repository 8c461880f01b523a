"""Issue again what was accepted: the commands of one write store lead another to the same state."""

import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from cqrs.write.handlers import HANDLERS, handle
from cqrs.write.store import Answer, WriteStore
from lab.legacy import ImportOrder, import_order

BY_NAME: dict[str, type] = {kind.__name__: kind for kind in (*HANDLERS, ImportOrder)}


class Accepted(NamedTuple):
    """A command that was accepted, as the write store keeps it."""

    command_id: str
    name: str
    args: str
    position: int
    recorded_at: str


def accepted(store: WriteStore, after: int, to: int) -> Iterator[Accepted]:
    """Return the accepted commands whose events lie behind ``after``, up to ``to``, in order."""
    return accepted_in(store.connection, after, to)


def accepted_in(write: sqlite3.Connection, after: int, to: int) -> Iterator[Accepted]:
    """Return the same of a write store that is only looked at."""
    rows = write.execute(
        "SELECT command_id, name, args, position, recorded_at FROM commands"
        " WHERE outcome = 'accepted' AND position > ? AND position <= ? ORDER BY position",
        (after, to),
    )
    return map(Accepted._make, rows)


def issue(store: WriteStore, command: Accepted) -> Answer:
    """Issue a command to a store as it was issued the first time: under its id, at its time."""
    asked: Any = msgspec.json.decode(command.args, type=BY_NAME[command.name])
    if isinstance(asked, ImportOrder):
        return import_order(store, asked, command.command_id, command.recorded_at)
    return handle(store, asked, command_id=command.command_id, now=command.recorded_at)
