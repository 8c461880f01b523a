"""The process in which foreign SQL runs: it reads requests from stdin and answers on stdout until stdin ends.

Whatever a statement does to this process, the server goes on: see ``lab.guard.keeper``.
"""

import math
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from lab.guard import policy
from lab.guard.hardening import Gate, harden, watched
from lab.guard.messages import Answer, Patch, Patched, Read, Ready, Refused, Reply, Request, get, put
from lab.guard.words import explain

ADDRESS_BYTES = 400_000_000
FILE_BYTES = 16_000_000
CPU_SECONDS = 20

FOREIGN = (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError)
"""What Python raises for a statement that will not do: SQLite's complaints, no memory, a character that is none."""

NOTE = "INSERT OR REPLACE INTO _lines VALUES ('_patch', ?, ?)"
NOTED = "SELECT n, position FROM _lines WHERE projection = '_patch' AND n >= ?"
"""The line whose patch was committed last, with the number of rows that it changed; see ``lab.books``."""


def main() -> None:
    """Answer requests until the server closes stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sqlite3.connect(":memory:").execute(f"PRAGMA hard_heap_limit = {policy.HEAP_BYTES}").close()
    _limit("AS", ADDRESS_BYTES)
    _limit("FSIZE", FILE_BYTES)
    _limit("CORE", 0)
    put(sys.stdout.buffer, Ready())
    while (request := get(sys.stdin.buffer, Request)) is not None:
        # So long may one request compute, should nobody be left to stop it.
        _limit("CPU", math.ceil(time.process_time()) + CPU_SECONDS)
        for reply in answer(request):
            put(sys.stdout.buffer, reply)


def _limit(name: str, value: int) -> None:
    """Set a limit of the operating system, where it has that one."""
    if sys.platform != "win32":
        import resource

        with suppress(OSError, ValueError):
            what = getattr(resource, f"RLIMIT_{name}")
            resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


def answer(request: Request) -> Iterator[Reply]:
    """Answer a request: a reply for each statement of a Read, one for a Patch."""
    if isinstance(request, Patch):
        yield patch(request)
    else:
        yield from read(request)


# Looking


def read(request: Read) -> Iterator[Answer]:
    """Ask each statement on one connection, each under its own deadline."""
    files = {name: _uri(path, "ro") for name, path in request.files.items()}
    try:
        connection = _connect(files.pop("main", ":memory:"), policy.DEADLINE_SECONDS)
        for schema, uri in files.items():
            connection.execute(f'ATTACH ? AS "{schema}"', (uri,))
        gate = harden(connection, policy.READONLY, list(files))
    except sqlite3.Error as error:
        yield from [Answer("error", f"a store cannot be read: {error}")] * len(request.statements)
        return
    *others, last = request.statements
    with closing(connection):
        for sql in others:
            yield _ask(connection, gate, sql, request.rows)
        answer = _ask(connection, gate, last, request.rows)
    # Whoever has every answer may close or move the files, so they are let go before the last one.
    yield answer


def _connect(uri: str, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, cached_statements=0)


def _uri(path: str, mode: str) -> str:
    return f"{Path(path).absolute().as_uri()}?mode={mode}"


def _ask(connection: sqlite3.Connection, gate: Gate, sql: str, most: int) -> Answer:
    with watched(connection, gate) as meter:
        try:
            with closing(connection.execute(sql)) as cursor:
                if cursor.description is None:
                    return Answer("error", "there is no SELECT in it")
                columns = tuple(str(column[0]) for column in cursor.description)
                rows, cut = _fetch(cursor, most)
        except FOREIGN as error:
            kind, said = explain(error, gate, meter)
            return Answer(kind, said, work=meter.work)
    return Answer("rows", None, columns, tuple(rows), cut, meter.work)


def _fetch(cursor: sqlite3.Cursor, most: int) -> tuple[list[tuple[object, ...]], bool]:
    """Fetch rows up to a number and a size; tell whether there were more."""
    rows: list[tuple[object, ...]] = []
    size = 0
    for row in cursor:
        size += sum(len(cell) if isinstance(cell, str | bytes) else 8 for cell in row)
        if len(rows) == most or size > policy.RESULT_BYTES:
            return rows, True
        rows.append(row)
    return rows, False


# Changing


def patch(request: Patch) -> Patched | Refused:
    """Change rows by one statement; in the same transaction it is noted that the line has done so."""
    try:
        with closing(_connect(_uri(request.file, "rw"), policy.LOCK_SECONDS)) as connection:
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
        return Refused(str(error), getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


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
        return Refused("the statement ended its transaction, so nothing was changed")
    if answers or not gate.changed:
        return Refused(policy.PATCH.may)
    return Patched(connection.total_changes - before, tuple(sorted(gate.changed)))


if __name__ == "__main__":
    main()
