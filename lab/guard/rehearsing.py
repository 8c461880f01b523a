"""A rehearsal: a learner's own projection hears the whole log in memory, and no store is touched."""

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection, parse
from cqrs.read.projector import deliver as ready
from cqrs.read.projector import project
from cqrs.read.store import MIGRATIONS
from lab.guard import policy
from lab.guard.hardening import connect, uri
from lab.guard.messages import Change, Check, Effect, Refused, Rehearse, Rehearsed, trouble
from lab.guard.own import OwnStore, Unfit
from lab.guard.own_file import check

Row = tuple[Any, ...]


def rehearse(request: Rehearse) -> Rehearsed | Refused:
    """Apply a log to an empty table in memory, and keep an eye on what its last events change."""
    if findings := check(Check(request.model)).findings:
        return Refused(findings[0].said)
    projection = parse(request.model.name, request.model.source)
    try:
        with closing(connect(uri(request.log, "ro"), policy.LOCK_SECONDS)) as log:
            events = [RecordedEvent(*row) for row in log.execute("SELECT * FROM events ORDER BY position")]
        with closing(connect(":memory:", 0)) as connection:
            MIGRATIONS.migrate(connection)
            store = OwnStore(connection, source=projection.source)
            store.add(projection)
            return Rehearsal(store, projection).run(events, request.last)
    except sqlite3.DatabaseError as error:
        return trouble(error)


def digest(rows: Iterable[Row]) -> str:
    """Return a hash of rows, in whatever order they come."""
    return hashlib.sha256(repr(sorted(map(tuple, rows), key=repr)).encode()).hexdigest()


class Rehearsal:
    """One projection on its way through a log, in memory."""

    def __init__(self, store: OwnStore, projection: Projection) -> None:
        self._store, self._projection = store, projection
        self._started = time.process_time()

    def run(self, events: Sequence[RecordedEvent], last: int) -> Rehearsed:
        """Apply all events, the last ones each by itself."""
        first = max(0, len(events) - last)
        said = self._hurry(events[:first])
        before = self._rows()
        effects = list(self._watch(events[first:])) if said is None else []
        after = self._rows()
        changes = [Change(key, before.get(key), after.get(key)) for key in sorted(before | after, key=repr)]
        changes = [change for change in changes if change.before != change.after]
        return Rehearsed(
            tuple(self._columns()),
            tuple(changes[: policy.REHEARSED_ROWS]),
            tuple(effects),
            len(after),
            self._store.position(self._projection.name),
            digest(after.values()),
            len(changes) > policy.REHEARSED_ROWS,
            said or next((effect.error for effect in effects if effect.error), None),
        )

    def _hurry(self, events: Sequence[RecordedEvent]) -> str | None:
        """Apply events in batches; say why it came no further, if so."""
        for start in range(0, len(events), policy.BATCH_EVENTS):
            if said := self._apply(events[start : start + policy.BATCH_EVENTS]):
                return said
        return None

    def _watch(self, events: Sequence[RecordedEvent]) -> Iterator[Effect]:
        """Apply events one by one, and say what each of them did."""
        for event in events:
            before = self._store.connection.total_changes
            changed = list[int]()
            said = self._apply([event], changed)
            rows = changed[0] - before if changed else 0
            yield Effect(event.position, event.type, rows, self._store.work or 1, said)
            if said is not None:
                return

    def _apply(self, events: Sequence[RecordedEvent], changed: list[int] | None = None) -> str | None:
        def at(point: str) -> None:
            if point == "after_event" and changed is not None:
                changed.append(self._store.connection.total_changes)

        name = self._projection.name
        self._store.work = 0
        try:
            project(self._store, self._projection, [ready(event) for event in events], at)
        except Unfit as unfit:
            return f"event {self._store.event}: {unfit}"
        if time.process_time() - self._started > policy.REHEARSAL_SECONDS:
            position, seconds = self._store.position(name), policy.REHEARSAL_SECONDS
            return f"it is slow: in {seconds:g} s it came to event {position}"
        return next(checkpoint.reason for checkpoint in self._store.checkpoints())

    def _columns(self) -> list[str]:
        rows = self._store.connection.execute("SELECT name FROM pragma_table_info(?)", (self._projection.name,))
        return [name for (name,) in rows]

    def _rows(self) -> dict[Row, Row]:
        columns = self._columns()
        key = [columns.index(name) for name in self._projection.key]
        rows = dict[Row, Row]()
        for row in self._store.connection.execute(f'SELECT * FROM "{self._projection.name}"'):
            names = tuple(row[number] for number in key)
            while names in rows:
                # Nothing says that a key names one row only.
                names += ("again",)
            rows[names] = row
        return rows
