"""The X-ray of the read store: each read model beside the truth, its stale cells and one-sided rows marked."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection
from lab import truth
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
    total: int = sandbox.reader.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
    newest_first = (total > WINDOW and not is_own(projection)) or name == "order_list"
    order = "from_event DESC" if newest_first else ", ".join(key)
    columns, found = fetch(sandbox.reader, f'SELECT * FROM "{name}" ORDER BY {order} LIMIT {WINDOW}')
    if is_own(projection):
        return Table(name, columns, list(_own_rows(sandbox, name, key, found)), total, key, has_truth=False)
    pending = [key_ for key_ in _pending_keys(sandbox, projection) if key_ not in [key_of(row, key) for row in found]]
    true = truth.rows_of(sandbox.write.connection, projection, [*(key_of(row, key) for row in found), *pending])
    has_truth = truth.source(name) is not None
    batch = _last_batch(sandbox, name)
    rows = [_read_row(row, key, true.get(key_of(row, key)), has_truth, batch) for row in found]
    absent = [true[row_key] for row_key in pending if row_key in true and not _is_there(sandbox, projection, row_key)]
    ghosts = [_ghost(row, key, columns) for row in absent[: max(WINDOW - len(rows), 2)]]
    return Table(name, columns, ghosts + rows if newest_first else rows + ghosts, total, key, has_truth, len(absent))


def _own_rows(sandbox: Sandbox, name: str, key: tuple[str, ...], found: list[dict[str, Any]]) -> Iterator[Row]:
    """Show rows of a read model of one's own: nothing says what its cells hold, or that a key names one row only."""
    batch, seen = _last_batch(sandbox, name), Counter[str]()
    for row in found:
        named = str(shown(text_of(key_of(row, key))))
        event = row.get("from_event")
        event = event if isinstance(event, int) and 0 < event <= sandbox.write.head() else None
        cells = [Cell(column, shown(value)) for column, value in row.items()]
        yield Row(named, cells, event in batch, event, again=seen[named])
        seen[named] += 1


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


def _is_there(sandbox: Sandbox, projection: Projection, key: Key) -> bool:
    where = " AND ".join(f"{column} = ?" for column in projection.key)
    found = sandbox.reader.execute(f'SELECT 1 FROM "{projection.name}" WHERE {where}', key)
    return found.fetchone() is not None


def _last_batch(sandbox: Sandbox, name: str) -> range:
    row = sandbox.lab.connection.execute(
        "SELECT from_position, to_position FROM applied WHERE projection = ? ORDER BY to_position DESC LIMIT 1",
        (name,),
    ).fetchone()
    return range(max(row[0], head_at_start(sandbox)) + 1, row[1] + 1) if row else range(0)


def _pending_keys(sandbox: Sandbox, projection: Projection) -> list[Key]:
    """Name the rows that the newest pending events will make or change, newest first."""
    position = sandbox.read.position(projection.name)
    events = sandbox.write.connection.execute(
        "SELECT * FROM events WHERE position > ? ORDER BY position DESC LIMIT ?", (position, PAGE)
    )
    keys: dict[Key, None] = {}
    for row in events:
        event = RecordedEvent(*row)
        if event.type in projection.on:
            keys.update(dict.fromkeys(keys_of(event, projection.key)))
    return list(keys)
