"""What the SELECTs of a lesson say: each gives one value over write.db (w), read.db (r) and lab.db (lab)."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from lab.sandbox import Sandbox

SCHEMAS = {"w": "write.db", "r": "read.db", "lab": "lab.db"}


class Trouble(str):
    """Why a SELECT gave no value; it equals none, so what it was to check has not passed."""

    __slots__ = ()


def values_of(sandbox: Sandbox, statements: Iterable[str]) -> list[Any]:
    """Return the one value of each SELECT, over the three files attached read-only; Trouble where there is none."""
    with closing(sqlite3.connect(":memory:", uri=True)) as connection:
        for schema, name in SCHEMAS.items():
            uri = (sandbox.stores.folder / name).absolute().as_uri()
            connection.execute(f"ATTACH ? AS {schema}", (f"{uri}?mode=ro",))
        connection.execute("PRAGMA query_only = ON")
        return [_value(connection, sql) for sql in statements]


def value_of(sandbox: Sandbox, sql: str) -> Any:
    """Return the one value of a SELECT."""
    return values_of(sandbox, [sql])[0]


def holds(value: object) -> bool:
    """Tell whether a condition holds that gave this value."""
    return not isinstance(value, Trouble) and bool(value)


def _value(connection: sqlite3.Connection, sql: str) -> Any:
    try:
        row = connection.execute(sql).fetchone()
    except sqlite3.Error as error:
        return Trouble(error)
    value = row[0] if row else None
    return int(value) if isinstance(value, float) and value.is_integer() else value
