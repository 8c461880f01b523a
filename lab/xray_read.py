"""The X-ray of the read store: each read model beside the truth, its stale cells and one-sided rows marked."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from lab import oracle, truth, truth_own
from lab.keys import Key, key_of, keys_of, text_of
from lab.own import is_own, shown
from lab.sandbox import Sandbox
from lab.standing import head_at_start
from lab.xray import PAGE, WINDOW, Cell, Row, Table, fetch


def read_tables(sandbox: Sandbox) -> dict[str, Table]:
    """Return every read model that is in read.db, by name, its stale cells marked."""
    return {name: _read_table(sandbox, projection) for name, projection in sorted(sandbox.projections.items())}


def _read_table(sandbox: Sandbox, projection: Projection) -> Table:
    name, key = projection.name, projection.key
    batch, position = _last_batch(sandbox, name), sandbox.stores.checkpoints()[name].position
    total: int = sandbox.reader.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    newest_first = (total > WINDOW and not is_own(projection)) or name == "order_list"
    order = "from_event DESC" if newest_first else ", ".join(key)
    columns, found = fetch(sandbox.reader, f'SELECT * FROM "{name}" ORDER BY {order} LIMIT {WINDOW}')
    why = truth_own.unknown(sandbox.stores, projection)
    unknown = why.why if why and not why.soon else ""
    if is_own(projection):
        return Table(name, columns, list(_own_rows(sandbox, projection, found, batch)), total, key, unknown=unknown)
    shown_here = {key_of(row, key) for row in found}
    pending = [key_ for key_ in _pending_keys(sandbox, projection, position) if key_ not in shown_here]
    true = truth.rows_of(sandbox.write.connection, projection, [*(key_of(row, key) for row in found), *pending])
    rows = [_read_row(row, key, true.get(key_of(row, key)), why is None, batch) for row in found]
    there = _there(sandbox, projection, pending)
    absent = [true[row_key] for row_key in pending if row_key in true and row_key not in there]
    ghosts = [_ghost(row, key, columns) for row in absent[: max(WINDOW - len(rows), 2)]]
    return Table(name, columns, ghosts + rows if newest_first else rows + ghosts, total, key, len(absent), unknown)


def _own_rows(sandbox: Sandbox, projection: Projection, found: list[dict[str, Any]], batch: range) -> Iterator[Row]:
    """Show rows of a read model of one's own: nothing says what its cells hold, or that a key names one row only.

    None is stale: it is compared once every event has come, and what differs then is drift. Where no row tells the
    event that changed it last, it is marked for those of the last batch that name its key.
    """
    seen, drifts = Counter[str](), oracle.drift(sandbox.stores, projection.name)
    by_key = set() if any("from_event" in row for row in found) else _touched(sandbox, projection, batch)
    gone = {drift.key for drift in drifts if drift.column is None and drift.says is not None}
    for row in found:
        named = str(shown(text_of(key_of(row, projection.key))))
        event = row.get("from_event")
        event = event if isinstance(event, int) and 0 < event <= sandbox.head else None
        cells = [Cell(column, shown(value)) for column, value in row.items()]
        fresh = event in batch or named in by_key
        yield Row(named, cells, fresh, event, "gone" if named in gone else "", seen[named])
        seen[named] += 1


def _touched(sandbox: Sandbox, projection: Projection, batch: range) -> set[str]:
    """Name the rows that events of a batch speak of, if there is a block for them."""
    newest = batch[-PAGE:]
    events = sandbox.write.events_after(newest.start - 1, len(newest)) if newest else []
    spoken = (keys_of(event, projection.key) for event in events if event.type in projection.on)
    return {str(shown(text_of(key))) for keys in spoken for key in keys}


def _read_row(
    row: dict[str, Any], key: tuple[str, ...], true: dict[str, Any] | None, has_truth: bool, batch: range
) -> Row:
    from_event = row.get("from_event")
    cells = [
        Cell(
            column,
            value,
            true is not None and column in true and true[column] != value,
            (true or {}).get(column),
        )
        for column, value in row.items()
    ]
    side = "gone" if has_truth and true is None else ""
    return Row(text_of(key_of(row, key)), cells, from_event in batch, from_event, side)


def _ghost(row: dict[str, Any], key: tuple[str, ...], columns: list[str]) -> Row:
    return Row(text_of(key_of(row, key)), [Cell(column, row.get(column)) for column in columns], side="not here yet")


def _there(sandbox: Sandbox, projection: Projection, keys: list[Key]) -> set[Key]:
    """Return those of these keys that have a row in a read model."""
    if not keys:
        return set()
    columns, one = ", ".join(projection.key), f"({', '.join('?' * len(projection.key))})"
    sql = f'SELECT {columns} FROM "{projection.name}" WHERE ({columns}) IN (VALUES {", ".join([one] * len(keys))})'
    return set(sandbox.reader.execute(sql, [value for key in keys for value in key]))


def _last_batch(sandbox: Sandbox, name: str) -> range:
    row = sandbox.lab.connection.execute(
        "SELECT from_position, to_position FROM applied WHERE projection = ? ORDER BY to_position DESC LIMIT 1",
        (name,),
    ).fetchone()
    return range(max(row[0], head_at_start(sandbox)) + 1, row[1] + 1) if row else range(0)


def _pending_keys(sandbox: Sandbox, projection: Projection, position: int) -> list[Key]:
    """Name the rows that the newest pending events will make or change, newest first."""
    keys: dict[Key, None] = {}
    for event in sandbox.stores.once(f"what is pending behind {position}", lambda: _pending(sandbox, position)):
        if event.type in projection.on:
            keys.update(dict.fromkeys(keys_of(event, projection.key)))
    return list(keys)


def _pending(sandbox: Sandbox, position: int) -> list[RecordedEvent]:
    if position == sandbox.head:
        return []
    rows = sandbox.write.connection.execute(
        "SELECT * FROM events WHERE position > ? ORDER BY position DESC LIMIT ?", (position, PAGE)
    )
    return [RecordedEvent(*row) for row in rows]
