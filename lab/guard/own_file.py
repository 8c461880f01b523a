"""The file of a read model of a learner's own: what will not do in it, at its place, before anything is run.

Some rules are stricter than the statements alone would need. The server itself reads a read model's rows, by the key
that its file names; so nothing of the file may become SQL there.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from typing import get_args

from cqrs.events import Event
from cqrs.read.projection import Projection, ProjectionError, parse
from lab.guard import hints, own_hints, policy
from lab.guard.complaint import names_of
from lab.guard.gates import UNSTEADY, called
from lab.guard.hardening import connect
from lab.guard.messages import Check, Checked, Finding, Model, Place
from lab.guard.own import BUILT_IN, OwnStore, Unfit
from lab.guard.places import place_at, place_of
from lab.guard.words import NO_FIELD
from lab.values import closest

FIELDS = {
    event.__name__: (*(field.name for field in fields(event)), "position", "event_id") for event in get_args(Event)
}
"""The parameters that each type of event gives to a statement."""

NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
BLOCK = re.compile(r"^--\s*on\s+(\w+)\s*$", re.MULTILINE)
HEADER = r"(?m)^--\s*{}\b.*$"


def check(request: Check) -> Checked:
    """Say everything that will not do in a file."""
    model, findings = request.model, list(_why_not_named(request.model.name, request.taken))
    if len(model.source) > policy.OWN_FILE_CHARS:
        return Checked(
            (
                *findings,
                Finding(f"the file is longer than {policy.OWN_FILE_CHARS:,} characters"),
            )
        )
    try:
        projection = parse(model.name, model.source)
    except ProjectionError as problem:
        return Checked((*findings, _unread(model, str(problem))))
    findings += _headers(model.source, projection)
    with closing(connect(":memory:", 0)) as connection:
        store = OwnStore(connection)
        connection.execute("BEGIN")
        columns = list[str]()
        findings += _table(store, model, projection, columns)
        if columns:
            findings += _statements(store, model, projection)
    return Checked(tuple(findings), tuple(columns))


def _unread(model: Model, problem: str) -> Finding:
    """Say what a file lacks to be read at all."""
    first = re.search(r"\bCREATE\s+TABLE\s+\w+\s*\(\s*(\w+)", model.source, re.IGNORECASE)
    line = f"-- key: {first[1] if first else 'customer_id'}"
    hint = f"A file begins with a line that names the key, such as {line}"
    if "-- key:" not in problem:
        hint = f"Below the line of the key: CREATE TABLE {model.name} (…);"
    return Finding(f"the read model {problem}", hint=hint)


def _why_not_named(name: str, taken: tuple[str, ...]) -> Iterator[Finding]:
    if not NAME.fullmatch(name) or len(name) > policy.OWN_NAME_CHARS:
        yield Finding(f"a name has small letters, digits and _, at most {policy.OWN_NAME_CHARS}, such as my_sales")
    elif name in BUILT_IN or name in taken:
        yield Finding(f"there is a read model {name} already; another name is free")


def _headers(source: str, projection: Projection) -> Iterator[Finding]:
    """Say what will not do beside the statements."""
    if projection.searched:
        yield Finding("a line -- find: is only for the built-in read models", place=_line(source, "find"))
    if projection.rebuild:
        why = "a block -- rebuild reads the whole log, and that is only for the built-in read models"
        yield Finding(why, place=_line(source, "rebuild"), hint="Without it, a rebuild applies the events one by one.")
    if sum(map(len, projection.on.values())) > policy.OWN_STATEMENTS:
        yield Finding(f"there are more than {policy.OWN_STATEMENTS} statements")
    if not projection.on:
        hint = "A line such as -- on OrderPlaced begins a block; under it stands what this event changes."
        yield Finding("no event changes it", hint=hint)
    elif not any(projection.on.values()):
        event = next(iter(projection.on))
        hint = f"Write under it what this event changes, such as INSERT INTO {projection.name} VALUES (…);"
        yield Finding(f"there is no SQL under -- on {event} yet", event, _line(source, f"on\\s+{event}"), hint)
    seen = set[str]()
    for block in BLOCK.finditer(source):
        place = place_at(source, block.start(1), block[1])
        if block[1] not in FIELDS:
            yield Finding(f"there is no event {block[1]}", block[1], place, closest(block[1], FIELDS))
        elif block[1] in seen:
            yield Finding(f"there are two blocks for {block[1]}; only the last would count", block[1], place)
        seen.add(block[1])


def _line(source: str, name: str) -> Place | None:
    found = re.search(HEADER.format(name), source)
    return place_at(source, found.start(), found[0]) if found else None


def _table(store: OwnStore, model: Model, projection: Projection, columns: list[str]) -> Iterator[Finding]:
    """Make the table, and say what will not do in it."""
    for sql in projection.create:
        try:
            store.make(sql, policy.CREATE_FILE)
        except Unfit as unfit:
            yield _finding(store, model, None, sql, unfit)
            return
    tables = list(store.own.values())
    if tables != [projection.name]:
        said = f"a file makes one table, and it bears the name of the read model: {projection.name}"
        yield Finding(said, place=_table_place(model, tables))
    if len(tables) != 1:
        return
    found = store.connection.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", tables).fetchall()
    columns += [name for name, hidden in found]
    made = store.connection.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'").fetchall()
    for name in (name for name in (*columns, *(name for (name,) in made)) if not COLUMN.fullmatch(name)):
        # The program writes these names into statements of its own.
        yield Finding(f"the name {name} needs letters, digits and _ only", place=_word(model, name))
    for name in (name for name, hidden in found if hidden):
        said = f"the column {name} is computed; write its value when an event is applied"
        yield Finding(said, place=_word(model, name))
    for name in (name for name in projection.key if name not in columns or not NAME.fullmatch(name)):
        place, hint = _line(model.source, "key"), closest(name, columns)
        yield Finding(f"the key {name} is no column of {projection.name}", None, place, hint)
    yield from _keywords(store, model, projection)


def _table_place(model: Model, tables: list[str]) -> Place | None:
    """Return where a table is made that should not be, or not under this name."""
    other = next((re.escape(name) for name in tables if name != model.name), "")
    found = re.search(rf"(?i)\bCREATE\s+TABLE\b[^(]*?\b({other})\b", model.source) if other else None
    return place_at(model.source, found.start(1), found[1]) if found else None


def _keywords(store: OwnStore, model: Model, projection: Projection) -> Iterator[Finding]:
    """Say which names the program could not ask for, because SQL knows the word."""
    for name in (name for name in (projection.name, *projection.key) if NAME.fullmatch(name)):
        try:
            store.connection.execute(f'EXPLAIN SELECT {name} FROM (SELECT 1 AS "{name}")')
        except sqlite3.OperationalError:
            yield Finding(f"the name {name} is a word of SQL; another one is needed", place=_word(model, name))


def _word(model: Model, name: str) -> Place | None:
    found = re.search(rf"\b{re.escape(name)}\b", model.source)
    return place_at(model.source, found.start(), name) if found else None


def _statements(store: OwnStore, model: Model, projection: Projection) -> Iterator[Finding]:
    """Prepare each statement against the fields that its event really has."""
    for event, sql in [(block, sql) for block in FIELDS for sql in projection.on.get(block, ())]:
        yield from _statement(store, model, event, sql)


def _statement(store: OwnStore, model: Model, event: str, sql: str) -> Iterator[Finding]:
    """Say what will not do in a statement; SQLite stops at the first thing, and does not see wrong fields behind it."""
    fields = FIELDS[event]
    try:
        store.prepare(sql, dict.fromkeys(fields))
    except Unfit as unfit:
        unknown, said = own_hints.unknown(sql, fields), str(unfit)
        unsteady = own_hints.unsteady(sql) if UNSTEADY in said else []
        for place in unsteady:
            hint = own_hints.instead(place.word, fields)
            yield Finding(f"{called(place.word)} {UNSTEADY}", event, _within(model, event, sql, place), hint)
        for place in unknown:
            hint = own_hints.nearest(place.word[1:], fields)
            yield Finding(f"{event} has no field {place.word}", event, _within(model, event, sql, place), hint)
        if not unsteady and not (unknown and NO_FIELD.format("") in said):
            yield _finding(store, model, event, sql, unfit)


def _finding(store: OwnStore, model: Model, event: str | None, sql: str, unfit: Unfit) -> Finding:
    said = str(unfit)
    inside = place_of(sql, said, lambda start: _complaint(store, start, event))
    hint = _hint(store, event, sql, said, inside)
    return Finding(said, event, _within(model, event, sql, inside or place_at(sql, 0, "")), hint)


def _hint(store: OwnStore, event: str | None, sql: str, said: str, place: Place | None) -> str | None:
    names = names_of(store.connection)
    if "no such table" in said:
        return own_hints.ITS_OWN_ONLY
    column = re.search(r"no such column: (?:\w+\.)?(\w+)", said)
    colon = own_hints.of_a_column(column[1], FIELDS[event], names.columns) if event and column else None
    return colon or own_hints.of_a_syntax_error(said, sql, place) or hints.hint(said, names, sql, place)


def _within(model: Model, event: str | None, sql: str, place: Place) -> Place:
    """Return the place in the file of a place in one of its statements."""
    block = re.search(rf"(?m)^--\s*on\s+{event}\s*$", model.source) if event else None
    start = max(0, model.source.find(sql, block.end() if block else 0))
    return place_at(model.source, start + place.offset, place.word)


def _complaint(store: OwnStore, sql: str, event: str | None) -> str:
    try:
        if event:
            store.prepare(sql, dict.fromkeys(FIELDS[event]))
        else:
            store.make(sql, policy.CREATE_FILE)
    except Unfit as unfit:
        return str(unfit)
    return ""
