"""Statements of a person that look: rows, or why there are none."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import msgspec

from lab.guard import hints, policy
from lab.guard.complaint import names_of
from lab.guard.gates import Gate
from lab.guard.hardening import FOREIGN, connect, first_word, harden, uri, watched
from lab.guard.messages import Answer, Read
from lab.guard.minded import minded
from lab.guard.places import place_of
from lab.guard.quotes import taken_for_text
from lab.guard.words import explain

TYPES = {int: "integer", float: "real", str: "text", bytes: "blob"}


def read(request: Read) -> Iterator[Answer]:
    """Ask each statement on one connection, each under its own deadline."""
    files = {name: uri(path, "ro") for name, path in request.files.items()}
    try:
        connection = connect(files.pop("main", ":memory:"), policy.DEADLINE_SECONDS)
        for schema, name in files.items():
            connection.execute(f'ATTACH ? AS "{schema}"', (name,))
        gate = harden(connection, policy.ASK if request.explained else policy.READONLY, list(files))
    except sqlite3.Error as error:
        yield from [Answer("error", f"a store cannot be read: {error}")] * len(request.statements)
        return
    ask = _ask_and_explain if request.explained else _ask
    *others, last = request.statements
    with closing(connection):
        for sql in others:
            yield ask(connection, gate, sql, request.rows)
        answer = ask(connection, gate, last, request.rows)
    # Whoever has every answer may close or move the files, so they are let go before the last one.
    yield answer


def _ask(connection: sqlite3.Connection, gate: Gate, sql: str, most: int) -> Answer:
    gate.begins = first_word(sql)
    with watched(connection, gate) as meter:
        try:
            with closing(connection.execute(sql)) as cursor:
                if cursor.description is None:
                    return Answer("error", "there is no statement in it")
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


# For a person


def _ask_and_explain(connection: sqlite3.Connection, gate: Gate, sql: str, most: int) -> Answer:
    started = time.perf_counter()
    answer = _ask(connection, gate, sql, most)
    took_us = round((time.perf_counter() - started) * 1e6)
    until = time.monotonic() + policy.ASIDE_SECONDS
    if answer.error is not None:
        place = place_of(sql, answer.error, lambda start: _complaint(connection, gate, start, until))
        hint = hints.hint(answer.error, names_of(connection), sql, place)
        return msgspec.structs.replace(answer, took_us=took_us, place=place, hint=hint)
    types = tuple(_type([row[number] for row in answer.rows]) for number in range(len(answer.columns)))
    plan = _plan(connection, gate, sql, until)
    hint = taken_for_text(sql, lambda other: _complaint(connection, gate, other, until)) or minded(connection, sql)
    return msgspec.structs.replace(answer, work=answer.work or 1, took_us=took_us, types=types, plan=plan, hint=hint)


def _type(values: list[object]) -> str:
    """Say of which types the values of a column are; SQLite's columns may hold several."""
    found = sorted({TYPES[type(value)] for value in values if value is not None})
    return " or ".join(found) or ("null" if values else "")


def _plan(connection: sqlite3.Connection, gate: Gate, sql: str, until: float) -> tuple[tuple[int, int, str], ...]:
    """Return how SQLite goes about a SELECT: (id, parent, detail); nothing for what has no plan."""
    with watched(connection, gate, until=until), suppress(*FOREIGN):
        return tuple((row[0], row[1], row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
    return ()


def _complaint(connection: sqlite3.Connection, gate: Gate, sql: str, until: float) -> str:
    """Return what SQLite says of a statement that is only prepared."""
    with watched(connection, gate, until=until):
        try:
            connection.execute(f"EXPLAIN {sql}").close()
        except FOREIGN as error:
            return str(error)
    return ""
