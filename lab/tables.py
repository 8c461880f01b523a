"""Which tables a store has, and which columns they have."""

import sqlite3


def tables(connection: sqlite3.Connection) -> list[str]:
    """Return the names of a store's tables, without SQLite's own and without the shadow tables of FTS5."""
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name"
    return [name for (name,) in connection.execute(sql) if not name.startswith("sqlite_")]


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the names of a table's columns."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
