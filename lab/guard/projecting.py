"""What a learner's own projection does in the worker: it is tried, its table is made, events are delivered to it."""

import math
import sqlite3
import time
from contextlib import closing

from cqrs.events import RecordedEvent
from cqrs.read.projection import parse
from cqrs.read.projector import OutOfOrder
from cqrs.sql import transaction
from lab.delivery import Crashed, Progress, Route
from lab.guard import policy
from lab.guard.hardening import connect, first_word, uri
from lab.guard.messages import (
    Check,
    Deliver,
    Delivered,
    Made,
    Make,
    Refused,
    Stepped,
    Steps,
    trouble,
)
from lab.guard.own import GivenUp, OwnStore, Unfit
from lab.guard.own_file import check
from lab.outcome import Incident

# Steps that are rolled back


def steps(request: Steps) -> Stepped | Refused:
    """Run statements one after the other until one will not do, and roll everything back."""
    try:
        with closing(connect(uri(request.file, "rw"), policy.STEP_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            store = OwnStore(connection, request.own)
            # What is made here is gone soon, so a CHECK may call the functions that the guard put in SQLite's place.
            connection.execute("PRAGMA trusted_schema = ON")
            return _run(store, request)
    except sqlite3.DatabaseError as error:
        return trouble(error)


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
        return trouble(error)
    return Made()


def deliver(request: Deliver) -> Delivered | Refused:
    """Deliver events as the projector would, by the same code; only the learner's statements are held to the policy."""
    try:
        with closing(connect(uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
            _as_read_db(connection)
            connection.execute(f"PRAGMA reverse_unordered_selects = {request.backwards:d}")
            store = OwnStore(connection, (request.model.name,), request.pages, request.model.source)
            store.until = math.inf if request.seconds is None else time.process_time() + request.seconds
            return _deliver(store, request)
    except sqlite3.DatabaseError as error:
        return trouble(error)


def _as_read_db(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def _deliver(store: OwnStore, request: Deliver) -> Delivered:
    """Deliver the events of a request in one transaction, or in one each, up to where it stops."""
    batches = [(event,) for event in request.events] if request.singly else [request.events]
    told = Delivered(None, (), crashed=False)
    for batch in batches:
        one = _deliver_batch(store, request, batch, request.crash if batch is batches[-1] else None)
        moved = one.moved and (one.moved[0], told.moved[1] if told.moved else one.moved[1])
        befell = told.incidents + one.incidents
        told = Delivered(moved or told.moved, befell, one.crashed, store.spent, one.out_of_order, one.given_up)
        stopped = any(incident.what == "stopped" for incident in one.incidents)
        if one.crashed or one.out_of_order or one.given_up or stopped:
            break
    return told


def _deliver_batch(
    store: OwnStore, request: Deliver, events: tuple[RecordedEvent, ...], crash: str | None, *, again: bool = False
) -> Delivered:
    def at(point: str) -> None:
        if point == crash:
            raise Crashed

    name = request.model.name
    route = Route(store, parse(name, request.model.source), request.guards, at, request.line)
    try:
        if request.retry:
            return Delivered(None, (route.retry(events[0]),), crashed=False)
        return _told(route.deliver(events, lambda: 0))
    except OutOfOrder:
        stands = store.position(name)
        return Delivered(None, (), crashed=False, out_of_order=(stands, _not_the_next(events, stands)))
    except GivenUp:
        return Delivered(None, (), crashed=False, given_up=True)
    except Unfit as unfit:
        if unfit.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT and not again:
            return _deliver_batch(store, request, events, crash, again=True)
        where = int(str(store.event))
        store.set_status(name, "stopped", f"event {where}: {unfit}")
        return Delivered(None, (Incident(name, "stopped", where, where, detail=str(unfit)),), crashed=False)


def _not_the_next(events: tuple[RecordedEvent, ...], stands: int) -> int:
    """Return the position of the first event that does not follow on the one before it."""
    expected = range(stands + 1, stands + 1 + len(events))
    return next(event.position for event, next_one in zip(events, expected, strict=True) if event.position != next_one)


def _told(progress: Progress) -> Delivered:
    moved = (progress.applied[0][1], progress.applied[0][2]) if progress.applied else None
    return Delivered(moved, tuple(progress.incidents), bool(progress.crashed))
