"""How a connection is held to a policy: limits, pragmas, an authorizer, and a meter that ends what overruns."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from lab.guard import policy
from lab.guard.policy import Policy


@dataclass(slots=True)
class Gate:
    """The authorizer of one connection. It keeps the first thing that it denied, and the tables that were changed."""

    held_to: Policy
    tables: dict[str, str]
    modules: frozenset[str]
    denied: str | None = None
    changed: set[str] = field(default_factory=set)

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, inside: str | None
    ) -> int:
        """Answer SQLite whether a statement that is being prepared may do something."""
        why = self._why_not(action, (first or "").lower(), second or "", schema, inside)
        if why is None:
            return sqlite3.SQLITE_OK
        self.denied = self.denied or why
        return sqlite3.SQLITE_DENY

    def _why_not(self, action: int, name: str, second: str, schema: str | None, inside: str | None) -> str | None:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return None
        if action == sqlite3.SQLITE_READ:
            return self._why_not_seen(name)
        if action == sqlite3.SQLITE_FUNCTION:
            function = second.lower()
            return None if function in self.held_to.functions else f"the function {function}() is not allowed here"
        if action == sqlite3.SQLITE_PRAGMA and (name, second) == ("data_version", "") and not self.held_to.changes:
            # The full-text index asks this by itself.
            return None
        if action in policy.CHANGES and name in policy.SCHEMA:
            # This is the first that is asked when something is created or dropped.
            return f"{self.held_to.may}; nothing can be created or dropped, and SQLite's own tables stay closed"
        if self.held_to.changes and action in policy.CHANGES and inside is None:
            return self._why_not_changed(name, schema)
        said = policy.KINDS.get(action)
        return f"{self.held_to.may}" + (f", not {said}" if said else "; nothing can be created or dropped")

    def _why_not_seen(self, name: str) -> str | None:
        if name in self.held_to.visible or name in policy.TABLES_MADE_BY_FUNCTIONS:
            return None
        hidden = name.startswith(("_", "sqlite_", "pragma_")) or name in self.modules
        return f"the table {name} cannot be read here" if hidden else None

    def _why_not_changed(self, name: str, schema: str | None) -> str | None:
        if schema != "main" or name not in self.tables:
            others = ", ".join(sorted(self.tables.values())) or "no table"
            return f"the rows of {name} cannot be changed by hand; those of {others} can"
        self.changed.add(self.tables[name])
        return None


@dataclass(slots=True)
class Meter:
    """The progress handler of one statement: it counts the work, and ends the statement when that is enough."""

    held_to: Policy
    work: int = 0
    late: bool = False
    too_much: bool = False
    _started: float = field(default_factory=time.monotonic)

    def __call__(self) -> bool:
        """Answer SQLite whether to stop."""
        self.work += policy.WORK_PER_CALL
        self.too_much = self.held_to.work is not None and self.work > self.held_to.work
        self.late = time.monotonic() - self._started > self.held_to.seconds
        return self.late or self.too_much


def harden(connection: sqlite3.Connection, held_to: Policy, attached: Sequence[str] = ()) -> Gate:
    """Hold a connection, whose files are attached by now, to a policy. What it returns is its authorizer.

    The authorizer comes last: SQLite asks it about the schema when a virtual table is first used.
    """
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in policy.PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    gate = Gate(held_to, _changeable(connection), _modules(connection))
    _warm(connection, ("main", *attached))
    if not held_to.changes:
        connection.execute("PRAGMA query_only = ON")
    for limit, value in policy.LIMITS.items():
        connection.setlimit(limit, value)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, len(attached))
    return gate


@contextmanager
def watched(connection: sqlite3.Connection, gate: Gate) -> Iterator[Meter]:
    """Let one statement of a person run: its gate stands, its time is measured."""
    gate.denied = None
    gate.changed.clear()
    meter = Meter(gate.held_to)
    connection.set_authorizer(gate)
    connection.set_progress_handler(meter, policy.STEPS)
    try:
        yield meter
    finally:
        connection.set_progress_handler(None, policy.STEPS)
        connection.set_authorizer(None)


def _changeable(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the ordinary tables that are not the program's own, by name in lower case."""
    found = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return {name.lower(): name for (name,) in found if not name.startswith(("_", "sqlite_"))}


def _modules(connection: sqlite3.Connection) -> frozenset[str]:
    return (
        frozenset(name.lower() for (name,) in connection.execute("PRAGMA module_list"))
        - policy.TABLES_MADE_BY_FUNCTIONS
    )


def _warm(connection: sqlite3.Connection, schemas: Sequence[str]) -> None:
    for name in policy.TABLES_MADE_BY_FUNCTIONS:
        connection.execute(f"SELECT 1 FROM {name}('[]')").fetchall()
    for schema in schemas:
        virtual = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = ? AND type = 'virtual'", (schema,)
        ).fetchall()
        for (name,) in virtual:
            with suppress(sqlite3.Error):
                connection.execute(f'SELECT 1 FROM "{schema}"."{name}" LIMIT 0').fetchall()
