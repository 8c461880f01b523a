"""What SQL that a person typed may do, as data, and how a connection is held to it.

Everything is an allowlist: kinds of action, functions, tables. What is not listed is denied, in every SQLite.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DEADLINE_SECONDS = 0.25
HEAP_BYTES = 32_000_000
ROWS = 500
RESULT_BYTES = 1_000_000
STEPS = 100
STEPS_PER_WORK_UNIT = 10

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 64,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 16,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 32,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 2,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

PRAGMAS = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "temp_store = MEMORY",
    "cache_size = -2000",
)


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


PURE = _names("""
    -> ->> abs avg ceil ceiling char coalesce count cume_dist dense_rank exp first_value floor format glob
    group_concat hex ifnull iif instr json json_array json_array_length json_extract json_group_array
    json_group_object json_insert json_object json_patch json_quote json_remove json_replace json_set json_type
    json_valid lag last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value
    ntile nullif percent_rank pi pow power printf quote rank replace round row_number rtrim sign sqrt substr
    substring sum total trim trunc typeof unicode unlikely upper zeroblob
""")
"""Functions that answer the same whenever they are asked."""

CLOCK = _names("current_date current_time current_timestamp date datetime julianday strftime time unixepoch")
SEARCH = _names("bm25 highlight match snippet")

TABLES_MADE_BY_FUNCTIONS = frozenset({"json_each", "json_tree"})
BOOKKEEPING = frozenset({"_checkpoint", "_seen", "_parked", "_lines"})
"""The tables with an underscore that may be looked at; any other belongs to the program."""

SCHEMA = frozenset({"sqlite_master", "sqlite_schema"})

KINDS = {
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_TRANSACTION: "BEGIN, COMMIT or ROLLBACK",
    sqlite3.SQLITE_SAVEPOINT: "SAVEPOINT",
    sqlite3.SQLITE_REINDEX: "REINDEX",
    sqlite3.SQLITE_ANALYZE: "ANALYZE",
    sqlite3.SQLITE_ALTER_TABLE: "ALTER",
}
"""How a person would name a kind of action that is denied; those that are left create or drop something."""

CHANGES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of statement may do: look at everything, or change rows of some tables."""

    may: str
    functions: frozenset[str]
    visible: frozenset[str] = SCHEMA | BOOKKEEPING
    changes: bool = False


READONLY = Policy("only SELECT can be used here", PURE | CLOCK | SEARCH)
PATCH = Policy(
    "only one INSERT, UPDATE or DELETE on the rows of a read model can be used here",
    PURE,
    visible=frozenset(),
    changes=True,
)


@dataclass(slots=True)
class Gate:
    """The authorizer of one connection. It keeps the first thing that it denied, and the tables that were changed."""

    policy: Policy
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
            return None if function in self.policy.functions else f"the function {function}() is not allowed here"
        if action == sqlite3.SQLITE_PRAGMA and (name, second) == ("data_version", "") and not self.policy.changes:
            # The full-text index asks this by itself.
            return None
        if action in CHANGES and name in SCHEMA:
            # This is the first that is asked when something is created or dropped.
            return f"{self.policy.may}; nothing can be created or dropped, and SQLite's own tables stay closed"
        if self.policy.changes and action in CHANGES and inside is None:
            return self._why_not_changed(name, schema)
        said = KINDS.get(action)
        return f"{self.policy.may}" + (f", not {said}" if said else "; nothing can be created or dropped")

    def _why_not_seen(self, name: str) -> str | None:
        if name in self.policy.visible or name in TABLES_MADE_BY_FUNCTIONS:
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
    """The progress handler of one statement: it counts the work, and ends the statement when its time is over."""

    seconds: float = 0.0
    calls: int = 0
    late: bool = False
    _started: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), time.thread_time()))

    def __call__(self) -> bool:
        """Answer SQLite whether to stop."""
        self.calls += 1
        # A machine that is busy elsewhere is no fault of the statement, so half of the time must have been its own.
        self.late = (
            time.monotonic() - self._started[0] > self.seconds
            and time.thread_time() - self._started[1] > self.seconds / 2
        )
        return self.late

    @property
    def work(self) -> int:
        """The work so far, in units of ten steps of SQLite's machine; the same every time."""
        return self.calls * (STEPS // STEPS_PER_WORK_UNIT)


def harden(connection: sqlite3.Connection, policy: Policy, attached: Sequence[str] = ()) -> Gate:
    """Hold a connection, whose files are attached by now, to a policy. What it returns is its authorizer.

    The authorizer comes last: SQLite asks it about the schema when a virtual table is first used.
    """
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    gate = Gate(policy, _changeable(connection), _modules(connection))
    _warm(connection, ("main", *attached))
    if not policy.changes:
        connection.execute("PRAGMA query_only = ON")
    for limit, value in LIMITS.items():
        connection.setlimit(limit, value)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, len(attached))
    return gate


@contextmanager
def watched(connection: sqlite3.Connection, gate: Gate) -> Iterator[Meter]:
    """Let one statement of a person run: its gate stands, its time is measured."""
    gate.denied = None
    gate.changed.clear()
    meter = Meter(DEADLINE_SECONDS)
    connection.set_authorizer(gate)
    connection.set_progress_handler(meter, STEPS)
    try:
        yield meter
    finally:
        connection.set_progress_handler(None, STEPS)
        connection.set_authorizer(None)


def _changeable(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the ordinary tables that are not the program's own, by name in lower case."""
    found = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return {name.lower(): name for (name,) in found if not name.startswith(("_", "sqlite_"))}


def _modules(connection: sqlite3.Connection) -> frozenset[str]:
    return frozenset(name.lower() for (name,) in connection.execute("PRAGMA module_list")) - TABLES_MADE_BY_FUNCTIONS


def _warm(connection: sqlite3.Connection, schemas: Sequence[str]) -> None:
    for name in TABLES_MADE_BY_FUNCTIONS:
        connection.execute(f"SELECT 1 FROM {name}('[]')").fetchall()
    for schema in schemas:
        virtual = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = ? AND type = 'virtual'", (schema,)
        ).fetchall()
        for (name,) in virtual:
            with suppress(sqlite3.Error):
                connection.execute(f'SELECT 1 FROM "{schema}"."{name}" LIMIT 0').fetchall()
