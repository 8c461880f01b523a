"""read.db as a learner's own projection gets it: the projector is the usual one, the statements are guarded."""

import json
import math
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from cqrs.read.projection import Projection, built_in
from cqrs.read.store import ReadStore
from lab import limits
from lab.guard import policy
from lab.guard.gates import Gate, Making
from lab.guard.hardening import FOREIGN, first_word, harden, modules, own_gate, watched
from lab.guard.policy import Policy
from lab.guard.words import LOST, Kind, explain

BUILT_IN = frozenset(built_in())

OWN_FULL = f"the read models of one's own are full: together they have {policy.OWN_BYTES:,} bytes"
OWN_PAGES = policy.OWN_BYTES // limits.PAGE_BYTES

PAGES_OF = """
SELECT coalesce(sum(pgsize), 0) / (SELECT page_size FROM pragma_page_size)
FROM dbstat
WHERE aggregate = TRUE
  AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)))
"""


class Unfit(sqlite3.OperationalError):
    """A statement of a learner's projection will not do. To the projector, the event is poison."""

    sqlite_errorcode = sqlite3.SQLITE_ERROR

    def __init__(self, kind: Kind, said: str, sql: str, *, by_clock: bool = False) -> None:
        super().__init__(said)
        self.kind, self.sql = kind, sql
        if by_clock:
            # The clock is no event's fault: nothing is kept of the batch, and it is tried once more.
            self.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT


class GivenUp(sqlite3.OperationalError):
    """The events of a request have had their time, and nothing of them is kept. That is no event's fault."""

    sqlite_errorcode = sqlite3.SQLITE_INTERRUPT


class OwnStore(ReadStore):
    """One connection to read.db on which every statement that is not the program's is held to a policy.

    ``own`` are the tables that the learner's file made. It changes no others, and reads no others. ``source`` is the
    text of that file, ``until`` a reading of the process's clock behind which no statement begins any more.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        own: Iterable[str] = (),
        most_pages: int | None = None,
        source: str = "",
    ) -> None:
        self.connection, self._source = connection, source
        self.work = self.spent = 0
        self.own = {name.lower(): name for name in own if name not in BUILT_IN}
        self.event: object = None
        self.until = math.inf
        harden(connection, policy.APPLY)
        self._gate = own_gate(connection, policy.APPLY, self.own)
        self._set_room(most_pages)

    # What the projector asks for

    def run(self, sql: str, parameters: dict[str, Any]) -> None:
        """Run one statement of the learner's projection; all those of an event share one allowance of work."""
        if parameters.get("position") != self.event or self.event is None:
            self.event, self.work = parameters.get("position"), 0
        if time.process_time() >= self.until:
            raise GivenUp
        try:
            self._step(self._gate, sql, parameters)
        except Unfit as unfit:
            unfit.args = (f"{unfit}{self._line_of(sql)}",)
            raise

    def _line_of(self, sql: str) -> str:
        """Say in which line of the file a statement begins, where that is known."""
        if self._source.count(sql) != 1:
            return ""
        return f" (line {self._source.count(chr(10), 0, self._source.index(sql)) + 1})"

    def _create(self, projection: Projection, position: int) -> None:
        for statement in projection.create:
            self.make(statement, policy.CREATE_FILE)
        self.connection.execute("INSERT INTO _checkpoint VALUES (?, ?, 'running', NULL)", (projection.name, position))

    def begin(self, projection: Projection, position: int) -> None:
        """Make a projection's table inside the transaction that stands, its checkpoint at a position."""
        if self._is_anothers(projection.name):
            raise Unfit("error", f"the name {projection.name} is taken in read.db", "")
        self._drop(projection)
        self._create(projection, position)

    def _is_anothers(self, name: str) -> bool:
        """Tell whether something has a name in read.db that is no read model, such as a part of the search."""
        there = {found.lower() for found in self._names()}
        return name in there and name not in {checkpoint.name for checkpoint in self.checkpoints()}

    # Tables

    def make(self, sql: str, held_to: Policy = policy.CREATE) -> None:
        """Run a CREATE TABLE or CREATE INDEX; what it makes is the learner's own from then on."""
        before = self._names()
        gate = own_gate(self.connection, held_to, self.own, Making)
        self._step(gate, sql, {})
        new = {name: kind for name, kind in self._names().items() if name not in before}
        tables = [name for name, kind in new.items() if kind == "table" and name != policy.NUMBERED_BY_SQLITE]
        if not new:
            raise Unfit("error", "it makes nothing new: there is one of that name already", sql)
        for table in tables:
            if why := self._why_not_kept(table):
                raise Unfit("error", why, sql)
        self.own |= {name.lower(): name for name in tables}
        self._gate = own_gate(self.connection, policy.APPLY, self.own)

    def _names(self) -> dict[str, str]:
        return dict(self.connection.execute("SELECT name, type FROM sqlite_schema"))

    def _why_not_kept(self, table: str) -> str | None:
        for name, default in self.connection.execute("SELECT name, dflt_value FROM pragma_table_xinfo(?)", (table,)):
            if default is not None and not policy.LITERAL.fullmatch(default):
                return f"the DEFAULT of {name} must be a plain number, a text in single quotes or NULL, not {default}"
        if self.connection.execute("SELECT 1 FROM pragma_foreign_key_list(?)", (table,)).fetchone():
            return "a read model has no REFERENCES: it is a copy, and what it came from may be gone"
        return None

    def prepare(self, sql: str, parameters: dict[str, Any]) -> None:
        """Raise Unfit if a statement would not do for an event with these fields; it is not run."""
        if first_word(sql) not in policy.APPLY.words:
            raise Unfit("error", policy.APPLY.may, sql)
        self.work = 0
        if trouble := self._tried(self._gate, f"EXPLAIN {sql}", parameters):
            raise trouble
        if not self._gate.changed:
            raise Unfit("error", policy.APPLY.may, sql)

    # One step

    def _step(self, gate: Gate, sql: str, parameters: dict[str, Any]) -> None:
        """Run one statement inside the transaction that stands, whole or not at all."""
        if first_word(sql) not in gate.held_to.words:
            raise Unfit("error", gate.held_to.may, sql)
        self.connection.execute("SAVEPOINT one_step")
        trouble = self._tried(gate, sql, parameters)
        if not self.connection.in_transaction:
            raise trouble if trouble and trouble.kind != "error" else Unfit("error", LOST, sql)
        if trouble is None and not gate.changed:
            trouble = Unfit("error", gate.held_to.may, sql)
        if trouble is None and self._must_look and self._used() > self._room:
            trouble = Unfit("limit", OWN_FULL, sql)
        if trouble is not None:
            self.connection.execute("ROLLBACK TO one_step")
        self.connection.execute("RELEASE one_step")
        if trouble is not None:
            raise trouble

    def _tried(self, gate: Gate, sql: str, parameters: dict[str, Any]) -> Unfit | None:
        with watched(self.connection, gate, max(0, policy.EVENT_WORK - self.work)) as meter:
            try:
                with closing(self.connection.execute(sql, parameters)) as cursor:
                    for _ in cursor:
                        # RETURNING gives rows. Nobody asked for them.
                        pass
            except FOREIGN as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in policy.NOT_THE_STATEMENTS:
                    raise
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
                    return Unfit("limit", OWN_FULL, sql)
                return Unfit(*explain(error, gate, meter), sql, by_clock=meter.late and not meter.too_much)
            finally:
                self.work += meter.work
                self.spent += meter.work
        return None

    # Room

    def _set_room(self, most_pages: int | None) -> None:
        """Let all read models that are learners' own grow to their size together, and the file to its own."""
        pages: int = self.connection.execute("PRAGMA page_count").fetchone()[0]
        self._room = self._used() + OWN_PAGES - self._pages_of_learners()
        most = max(pages, self._room)
        # Pages that are free in the file already are no growth of it, so there SQLite's own limit is not enough.
        self._must_look = pages > self._room
        self.connection.execute(f"PRAGMA max_page_count = {most if most_pages is None else min(most, most_pages)}")

    def _pages_of_learners(self) -> int:
        """Return how many pages the tables have that are not built in; 0 where this SQLite cannot tell."""
        if "dbstat" not in modules(self.connection):
            return 0
        found = self.connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        names = [name for (name,) in found if name not in BUILT_IN and not name.startswith(policy.RESERVED)]
        return int(self.connection.execute(PAGES_OF, (json.dumps(names),)).fetchone()[0])

    def _used(self) -> int:
        sizes = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
        return int(self.connection.execute(sizes).fetchone()[0])
