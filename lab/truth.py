"""The truth of a read model: the same rows, computed from the write tables, never from the events.

It answers a query that reads the write store, and tells which cells of a read model are stale.
"""

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any

from cqrs.read.projection import Projection, by_equality

FOLDER = Path(__file__).with_name("truth")


@cache
def source(model: str) -> str | None:
    """Return the SQL that computes a read model from the write tables, or None if nobody wrote it."""
    path = FOLDER / f"{model}.sql"
    return path.read_text(encoding="utf-8") if path.exists() else None


def rows(
    write: sqlite3.Connection, projection: Projection, key: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Return what the read model would show if it were up to date, for one key or for all."""
    sql = source(projection.name)
    if sql is None:
        return []
    first = sql.splitlines()[0]
    find = first.removeprefix("-- find: ") if first.startswith("-- find: ") else by_equality(projection.key)
    where = find if key is not None else "true"
    return _dicts(
        write,
        f"SELECT * FROM ({sql}) WHERE {where} ORDER BY {', '.join(projection.key)} LIMIT :limit",
        {"key": key, "limit": limit},
    )


def rows_of(
    write: sqlite3.Connection, projection: Projection, keys: list[tuple[Any, ...]]
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the true rows with these keys, by key; a key without a row is not there (yet, or any more)."""
    sql = source(projection.name)
    if sql is None or not keys:
        return {}
    marks = ", ".join("(" + ", ".join("?" * len(projection.key)) + ")" for _ in keys)
    found = _dicts(
        write,
        f"SELECT * FROM ({sql}) WHERE ({', '.join(projection.key)}) IN (VALUES {marks})",
        [value for key in keys for value in key],
    )
    return {tuple(row[column] for column in projection.key): row for row in found}


def _dicts(connection: sqlite3.Connection, sql: str, parameters: Any) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, parameters)
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]
