"""What a projection can use: each type of event with its fields, how many are in the log, and the newest of them."""

import json
import sqlite3
from dataclasses import fields
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from cqrs.events import Event

ALSO = ("position", "event_id")
"""What every event has besides its own fields."""

KINDS: dict[Any, str] = {str: "text", int: "integer"}


class Field(NamedTuple):
    """A field of an event; a list names the fields of what is in it."""

    name: str
    kind: str
    parts: tuple[str, ...] = ()


def _fields(event: type) -> tuple[Field, ...]:
    hints = get_type_hints(event)
    return tuple(_field(field.name, hints[field.name]) for field in fields(event))


def _field(name: str, hint: Any) -> Field:
    if get_origin(hint) is tuple:
        return Field(name, "list", tuple(part.name for part in fields(get_args(hint)[0])))
    return Field(name, "day" if name.endswith("_on") else KINDS[hint])


FIELDS = {event.__name__: _fields(event) for event in get_args(Event)}


def guide(log: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return every type of event: its fields, how often it is in the log, and the newest one's payload."""
    found = log.execute("SELECT type, count(*), max(position) FROM events GROUP BY type").fetchall()
    counted = {type_: (count, newest) for type_, count, newest in found}
    return [_told(log, name, *counted.get(name, (0, 0))) for name in FIELDS]


def _told(log: sqlite3.Connection, name: str, count: int, newest: int) -> dict[str, Any]:
    row = log.execute("SELECT payload FROM events WHERE position = ?", (newest,)).fetchone()
    payload = json.dumps(json.loads(row[0]), indent=1, ensure_ascii=False) if row else None
    return {"name": name, "fields": FIELDS[name], "count": count, "newest": newest, "payload": payload}
