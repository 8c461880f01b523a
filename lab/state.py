"""Where a sandbox stands, in figures: what ``GET /state`` answers."""

import sqlite3
from dataclasses import asdict
from typing import Any

from lab.books import how_many_parked
from lab.clock import SECOND, from_iso
from lab.stores import Stores
from lab.tables import tables


def state_of(stores: Stores) -> dict[str, Any]:
    """Return the head, the clock and its settings, every projection's lag, and every table's rows."""
    head, parked = stores.head(), how_many_parked(stores.read)
    return {
        "head": head,
        "clock": stores.clock.kind,
        "delay": stores.settings.delay,
        "batch": stores.settings.batch,
        "traffic": stores.settings.traffic,
        "receipt": stores.settings.receipt or None,
        "read_made_again": stores.notices.now().get("read.db"),
        "write_changed": stores.notices.now().get("write.db"),
        "projections": {
            checkpoint.name: {
                "position": checkpoint.position,
                "behind": head - checkpoint.position,
                "age": age(stores, checkpoint.position),
                "status": checkpoint.status,
                "reason": checkpoint.reason,
                "mode": asdict(stores.settings.guards(checkpoint.name)),
                "crash": stores.settings.crashes().get(checkpoint.name),
                "version": stores.settings.versions().get(checkpoint.name, 1),
                "own": stores.is_own(checkpoint.name),
                "parked": parked[checkpoint.name],
            }
            for checkpoint in stores.checkpoints().values()
        },
        "beside": {
            checkpoint.name: {
                "stage": stores.next.standing()[checkpoint.name]["stage"],
                "position": checkpoint.position,
                "status": checkpoint.status,
                "reason": checkpoint.reason,
            }
            for checkpoint in stores.next.checkpoints().values()
        },
        "rows": {"write": _row_counts(stores.write.connection), "read": _row_counts(stores.reader)},
    }


def age(stores: Stores, position: int) -> float:
    """Return for how many seconds the oldest event behind a position has been waiting; 0 if there is none."""
    row = stores.write.connection.execute(
        "SELECT recorded_at FROM events WHERE position = ?", (position + 1,)
    ).fetchone()
    return round(max(0, stores.clock.now() - from_iso(row[0])) / SECOND, 3) if row else 0.0


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {
        table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for table in tables(connection)
        if table != "_migrations"
    }
