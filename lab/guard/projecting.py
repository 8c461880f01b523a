"""What a learner's own projection does in the worker: it is tried, its table is made, events are delivered to it."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from cqrs.events import RecordedEvent
from cqrs.read.projection import Projection, parse
from cqrs.read.projector import deliver as ready
from cqrs.read.projector import project
from cqrs.read.store import MIGRATIONS
from cqrs.sql import transaction
from lab.delivery import Crashed, Progress, Route
from lab.guard import policy
from lab.guard.hardening import connect, first_word, uri
from lab.guard.messages import (
    Change,
    Check,
    Deliver,
    Delivered,
    Effect,
    Made,
    Make,
    Refused,
    Rehearse,
    Rehearsed,
    Stepped,
    Steps,
)
from lab.guard.own import OwnStore, Unfit
from lab.guard.own_file import check
from lab.outcome import Incident

Row = tuple[Any, ...]


# Steps that are rolled back


def steps(request: Steps) -> Stepped | Refused:
    """Run statements one after the other until one will not do, and roll everything back."""
    try:
        with closing(connect(uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            return _run(OwnStore(connection, request.own), request)
    except sqlite3.DatabaseError as error:
        return _trouble(error)


def _run(store: OwnStore, request: Steps) -> Stepped:
    for number, sql in enumerate(request.steps, start=1):
        try:
            if first_word(sql) == "create":
                store.make(sql)
            else:
                store.run(sql, request.parameters)
        except Unfit as unfit:
            return Stepped(unfit.kind, str(unfit), number)
    return Stepped("done")


def _trouble(error: sqlite3.DatabaseError) -> Refused:
    return Refused(str(error), getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


# For good


def make(request: Make) -> Made | Refused:
    """Make the table of a read model in read.db, if its file will do; one of its own that is there goes first."""
    if findings := check(Check(request.model, request.taken)).findings:
        return Refused(findings[0].said)
    projection = parse(request.model.name, request.model.source)
    try:
        with closing(connect(uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
            _as_read_db(connection)
            with transaction(connection):
                OwnStore(connection, (), request.pages).begin(projection, request.position)
    except Unfit as unfit:
        return Refused(str(unfit))
    except sqlite3.DatabaseError as error:
        return _trouble(error)
    return Made()


def deliver(request: Deliver) -> Delivered | Refused:
    """Deliver events as the projector would, by the same code; only the learner's statements are held to the policy."""
    try:
        with closing(connect(uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
            _as_read_db(connection)
            return _deliver(OwnStore(connection, (request.model.name,), request.pages), request)
    except sqlite3.DatabaseError as error:
        return _trouble(error)


def _as_read_db(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def _deliver(store: OwnStore, request: Deliver) -> Delivered:
    def at(point: str) -> None:
        if point == request.crash:
            raise Crashed

    name = request.model.name
    route = Route(store, parse(name, request.model.source), request.guards, at, request.line)
    for last_try in (False, True):
        try:
            return _told(route.deliver(request.events, lambda: 0))
        except Unfit as unfit:
            if last_try or unfit.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                where = int(str(store.event))
                store.set_status(name, "stopped", f"event {where}: {unfit}")
                return Delivered(None, (Incident(name, "stopped", where, where, detail=str(unfit)),), crashed=False)
    raise AssertionError


def _told(progress: Progress) -> Delivered:
    moved = (progress.applied[0][1], progress.applied[0][2]) if progress.applied else None
    return Delivered(moved, tuple(progress.incidents), bool(progress.crashed))


# In memory


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
            store = OwnStore(connection)
            store.add(projection)
            return Rehearsal(store, projection).run(events, request.last)
    except sqlite3.DatabaseError as error:
        return _trouble(error)


class Rehearsal:
    """One projection on its way through a log, in memory."""

    def __init__(self, store: OwnStore, projection: Projection) -> None:
        self._store, self._projection = store, projection
        self._started = time.monotonic()

    def run(self, events: Sequence[RecordedEvent], last: int) -> Rehearsed:
        """Apply all events, the last ones each by itself."""
        first = max(0, len(events) - last)
        said = self._hurry(events[:first])
        before = self._rows()
        effects = list(self._watch(events[first:])) if said is None else []
        after = self._rows()
        changes = [Change(key, before.get(key), after.get(key)) for key in sorted(before | after, key=repr)]
        changes = [change for change in changes if change.before != change.after]
        digest = hashlib.sha256(repr(sorted(after.values(), key=repr)).encode()).hexdigest()
        return Rehearsed(
            tuple(self._columns()),
            tuple(changes[: policy.REHEARSED_ROWS]),
            tuple(effects),
            len(after),
            self._store.position(self._projection.name),
            digest,
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
        if time.monotonic() - self._started > policy.REHEARSAL_SECONDS:
            position, seconds = self._store.position(name), policy.REHEARSAL_SECONDS
            return f"it is slow: in {seconds:g} s it came to event {position}"
        return next(checkpoint.reason for checkpoint in self._store.checkpoints())

    def _columns(self) -> list[str]:
        rows = self._store.connection.execute("SELECT name FROM pragma_table_info(?)", (self._projection.name,))
        return [name for (name,) in rows]

    def _rows(self) -> dict[Row, Row]:
        columns = self._columns()
        key = [columns.index(name) for name in self._projection.key]
        rows = self._store.connection.execute(f'SELECT * FROM "{self._projection.name}"')
        return {tuple(row[number] for number in key): tuple(row) for row in rows}
