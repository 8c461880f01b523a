"""Queries: they read, and cannot do anything else. Each answer says as of which event it is true."""

import sqlite3
from typing import Any, NamedTuple

from cqrs.read.projection import Projection


class Page(NamedTuple):
    """Rows of one read model, and the position of the last event that they know of."""

    rows: list[dict[str, Any]]
    as_of: int


def query(connection: sqlite3.Connection, projection: Projection, key: str | None = None, limit: int = 50) -> Page:
    """Read up to ``limit`` rows of a read model, all of them or those of one key.

    Rows and position are read in one transaction: a projector that commits in between changes neither.
    """
    where = projection.find if key is not None else "true"
    sql = f'SELECT * FROM "{projection.name}" WHERE {where} ORDER BY {", ".join(projection.key)} LIMIT :limit'
    connection.execute("BEGIN")
    try:
        row = connection.execute("SELECT position FROM _checkpoint WHERE name = ?", (projection.name,)).fetchone()
        cursor = connection.execute(sql, {"key": key, "limit": limit})
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, values, strict=True)) for values in cursor]
    finally:
        connection.execute("COMMIT")
    return Page(rows, row[0])
