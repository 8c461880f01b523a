"""How a connection is held to a policy: limits, pragmas, an authorizer, and a meter that ends what overruns."""

import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.guard import linear, policy
from lab.guard.gates import Gate
from lab.guard.policy import Policy

FOREIGN = (sqlite3.Error, sqlite3.Warning, MemoryError, ValueError, OverflowError)
"""What Python raises for a statement that will not do: SQLite's complaints, no memory, a character that is none."""


@dataclass(slots=True)
class Meter:
    """The progress handler of one statement: it counts the work, and ends the statement when that is enough."""

    held_to: Policy
    most: int | None
    until: float | None = None
    work: int = 0
    late: bool = False
    too_much: bool = False
    _look_at: float = field(init=False)
    _computed: float | None = None

    def __post_init__(self) -> None:
        seconds = self.held_to.seconds / (2 if self.held_to.computing else 1)
        self._look_at = time.monotonic() + seconds if self.until is None else self.until

    def __call__(self) -> bool:
        """Answer SQLite whether to stop."""
        self.work += self.held_to.steps // policy.UNIT
        self.too_much = self.most is not None and self.work > self.most
        return self.is_late() or self.too_much

    def is_late(self) -> bool:
        """Tell whether the statement has had its time. It counts from before SQLite reads the statement."""
        now = time.monotonic()
        self.late = self.late or (now >= self._look_at and self._is_over(now))
        return self.late

    def _is_over(self, now: float) -> bool:
        """Tell whether the time is over. The processor's clock is slow to read: only the second half goes by it."""
        if not self.held_to.computing:
            return True
        computed = time.thread_time()
        self._computed = computed if self._computed is None else self._computed
        left = self.held_to.seconds / 2 - (computed - self._computed)
        self._look_at = now + left
        return left <= 0


def harden(connection: sqlite3.Connection, held_to: Policy, attached: Sequence[str] = ()) -> Gate:
    """Hold a connection, whose files are attached by now, to a policy. What it returns is its authorizer.

    The authorizer comes last: SQLite asks it about the schema when a virtual table is first used.
    """
    linear.put(connection)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    for pragma in policy.PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    tables = _tables(connection)
    changeable = {name.lower(): name for name, kind in tables.items() if kind == "table" and not _reserved(name)}
    gate = Gate(held_to, changeable, modules(connection))
    _warm(connection, ("main", *attached))
    if not held_to.changes:
        connection.execute("PRAGMA query_only = ON")
    for limit, value in policy.LIMITS.items():
        connection.setlimit(limit, value)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, len(attached))
    return gate


@contextmanager
def watched(
    connection: sqlite3.Connection, gate: Gate, work: int | None = None, until: float | None = None
) -> Iterator[Meter]:
    """Let one statement of a person run: its gate stands, its time and its work are measured.

    ``work`` and ``until`` (on the monotonic clock) are limits in the place of the policy's own.
    """
    gate.denied = None
    gate.changed.clear()
    meter = Meter(gate.held_to, gate.held_to.work if work is None else work, until)
    gate.is_late = meter.is_late
    connection.set_authorizer(gate)
    connection.set_progress_handler(meter, gate.held_to.steps)
    _live_for(policy.STEP_ENDED_AFTER * gate.held_to.seconds if gate.held_to.computing else 0)
    try:
        yield meter
    finally:
        _live_for(0)
        connection.set_progress_handler(None, gate.held_to.steps)
        connection.set_authorizer(None)


def _live_for(seconds: float) -> None:
    """Let the system end this process when it has computed for so long, unless it is told otherwise by then (0).

    Within one step of SQLite's machine nothing else looks at a clock, and nobody waits for a projection's statement.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def own_gate(connection: sqlite3.Connection, held_to: Policy, own: Mapping[str, str], kind: type[Gate] = Gate) -> Gate:
    """Return the authorizer of a projection that may touch only its own tables, by name in lower case."""
    others = frozenset(name.lower() for name in _tables(connection)) - own.keys()
    return kind(held_to, dict(own), modules(connection), others)


def first_word(sql: str) -> str:
    """Return the word that a statement begins with, in lower case."""
    opening = policy.OPENING.match(sql)
    return opening[1].lower() if opening else ""


def connect(uri: str, busy_seconds: float) -> sqlite3.Connection:
    """Open a file, or a database in memory, without any hidden transaction or remembered statement."""
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, cached_statements=0)


def uri(path: str, mode: str) -> str:
    """Return the name under which SQLite opens a file that is there, 'ro' or 'rw'; it makes none."""
    return f"{Path(path).absolute().as_uri()}?mode={mode}"


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the kind of each table and view of main, by name."""
    return dict(connection.execute("SELECT name, type FROM pragma_table_list WHERE schema = 'main'"))


def _reserved(name: str) -> bool:
    return name.lower().startswith(policy.RESERVED)


def modules(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the names of the tables that SQLite brings, in lower case, but for those that anybody may use."""
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
