"""The fingerprint: one hash by which two sandboxes are the same, whenever each was made."""

import hashlib
import sqlite3
from collections.abc import Mapping

from lab.tables import columns_of, tables

CLOCKED = {("events", "recorded_at"), ("events", "hash"), ("commands", "recorded_at")}
"""Wall-clock times, and the hashes over them."""


def fingerprint(stores: Mapping[str, sqlite3.Connection]) -> str:
    """Return one SHA-256 over every table's rows of stores, by name, without what a clock wrote into them."""
    digest = hashlib.sha256()
    for store, connection in stores.items():
        for table in tables(connection):
            columns = [name for name in columns_of(connection, table) if (table, name) not in CLOCKED]
            listed = ", ".join(f'"{name}"' for name in columns)
            digest.update(f"{store}.{table}({listed})\n".encode())
            for row in connection.execute(f'SELECT {listed} FROM "{table}" ORDER BY {listed}'):
                digest.update(f"{row!r}\n".encode())
    return digest.hexdigest()
