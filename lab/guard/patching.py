"""One statement of a person that changes rows of the read models by hand."""

import sqlite3
from contextlib import closing

from lab.guard import policy
from lab.guard.gates import Gate
from lab.guard.hardening import FOREIGN, connect, harden, uri, watched
from lab.guard.messages import Patch, Patched, Refused, trouble
from lab.guard.words import LOST, explain

NOTE = "INSERT OR REPLACE INTO _lines VALUES ('_patch', ?, ?)"
NOTED = "SELECT n, position FROM _lines WHERE projection = '_patch' AND n >= ?"
"""The line whose patch was committed last, with the number of rows that it changed; see ``lab.books``."""


def patch(request: Patch) -> Patched | Refused:
    """Change rows by one statement; in the same transaction it is noted that the line has done so."""
    try:
        with closing(connect(uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
            connection.execute(f"PRAGMA max_page_count = {request.pages}")
            gate = harden(connection, policy.PATCH)
            connection.execute("BEGIN IMMEDIATE")
            noted = connection.execute(NOTED, (request.line,)).fetchone()
            if noted is None and not request.run:
                return Refused("it took too long and was stopped, and nothing was changed")
            reply = _try(connection, gate, request.sql, commit=noted is None)
            if noted is not None:
                return Patched(noted[1], tuple(sorted(gate.changed)))
            if isinstance(reply, Patched):
                connection.execute(NOTE, (request.line, reply.changed))
                connection.execute("COMMIT")
            return reply
    except sqlite3.DatabaseError as error:
        return trouble(error)


def _try(connection: sqlite3.Connection, gate: Gate, sql: str, *, commit: bool) -> Patched | Refused:
    """Run a statement inside the transaction that stands; if it is only prepared, it changes nothing."""
    before = connection.total_changes
    with watched(connection, gate) as meter:
        try:
            with closing(connection.execute(sql if commit else f"EXPLAIN {sql}")) as cursor:
                answers = cursor.description is not None
        except FOREIGN as error:
            return Refused(explain(error, gate, meter)[1])
    if not connection.in_transaction:
        return Refused(LOST)
    if answers or not gate.changed:
        return Refused(policy.PATCH.may)
    return Patched(connection.total_changes - before, tuple(sorted(gate.changed)))
