"""The authorizers: SQLite asks them, while it prepares a statement of a person, whether the statement may do something.

Each is an allowlist. It keeps the first thing that it denied, so that the learner can be told.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.guard import policy
from lab.guard.policy import Policy

UNSTEADY = "is not allowed here: a rebuild would get another answer from it"


def called(function: str) -> str:
    """Name a function as a person would who writes it; some that SQLite calls functions are words without brackets."""
    return function.upper() if function.lower().startswith("current_") else f"the function {function}()"


@dataclass(slots=True)
class Gate:
    """The authorizer of statements that look, or that change rows of some tables.

    ``tables`` may be changed, by name in lower case; ``others`` are the rest of main's tables and views; ``modules``
    are the tables that SQLite brings. ``begins`` is the first word of the statement, where that is known.
    """

    held_to: Policy
    tables: dict[str, str]
    modules: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    begins: str = ""
    denied: str | None = None
    changed: set[str] = field(default_factory=set)
    is_late: Callable[[], bool] = lambda: False

    def __call__(
        self, action: int, first: str | None, second: str | None, schema: str | None, inside: str | None
    ) -> int:
        """Answer SQLite whether a statement that is being prepared may do something."""
        if self.is_late():
            # SQLite 3.40 looks at no clock while it plans, and the plan of a short statement may be endless.
            return sqlite3.SQLITE_DENY
        why = self._why_not(action, (first or "").lower(), second or "", schema, inside)
        if why is None:
            return sqlite3.SQLITE_OK
        self.denied = self.denied or why
        return sqlite3.SQLITE_DENY

    def _why_not(self, action: int, name: str, second: str, schema: str | None, inside: str | None) -> str | None:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return None
        if action == sqlite3.SQLITE_READ:
            return self._why_not_seen(name, schema)
        if action == sqlite3.SQLITE_FUNCTION:
            return self._why_not_called(second.lower())
        if action == sqlite3.SQLITE_PRAGMA and (name, second) == ("data_version", "") and not self.held_to.changes:
            # The full-text index asks this by itself.
            return None
        if self.begins in policy.NAMED_OTHERWISE:
            return f"{self.held_to.may}, not {self.begins.upper()}"
        if action in policy.CHANGES and name in policy.SCHEMAS:
            if self.begins in policy.LOOKING:
                return "the tables that SQLite itself brings cannot be read here"
            # This is the first that is asked when something is created or dropped.
            return f"{self.held_to.may}; nothing can be created or dropped, and SQLite's own tables stay closed"
        if self.held_to.changes and action in policy.CHANGES and inside is None:
            return self._why_not_changed(name, schema)
        said = policy.KINDS.get(action)
        return f"{self.held_to.may}" + (f", not {said}" if said else "; nothing can be created or dropped")

    def _why_not_called(self, function: str) -> str | None:
        if function in self.held_to.functions:
            return None
        if self.held_to.changes and function in policy.CLOCK | policy.CHANCE:
            return f"{called(function)} {UNSTEADY}"
        return f"{called(function)} is not allowed here"

    def _why_not_seen(self, name: str, schema: str | None) -> str | None:
        if name in self.held_to.visible or name in policy.TABLES_MADE_BY_FUNCTIONS:
            return None
        if self.held_to.own_only and name not in self.tables and (schema is not None or name in self.others):
            # A name without a schema is that of a WITH, or of a table of which no column is read.
            return f"the table {name} cannot be read here: a rebuild would find it in another state"
        hidden = name.startswith(policy.RESERVED) or name in self.modules
        return f"the table {name} cannot be read here" if hidden else None

    def _why_not_changed(self, name: str, schema: str | None) -> str | None:
        if schema != "main" or name not in self.tables:
            others = ", ".join(sorted(self.tables.values())) or "no table"
            return f"the rows of {name} cannot be changed {self._here}; those of {others} can"
        self.changed.add(self.tables[name])
        return None

    @property
    def _here(self) -> str:
        return "here" if self.held_to.own_only else "by hand"


class Making(Gate):
    """The authorizer of a statement that makes a table or an index; ``changed`` holds the names of what is made."""

    def _why_not(self, action: int, name: str, second: str, schema: str | None, inside: str | None) -> str | None:
        if action == sqlite3.SQLITE_FUNCTION:
            return self._why_not_called(second.lower())
        if schema != "main":
            return self.held_to.may
        if action in policy.CHANGES and name in policy.SCHEMA:
            return None
        if action == sqlite3.SQLITE_READ:
            return None if name in policy.SCHEMA else self._why_not_own(name)
        if action == sqlite3.SQLITE_CREATE_TABLE:
            return self._why_not_named(name)
        if action == sqlite3.SQLITE_CREATE_INDEX:
            return self._why_not_own(second.lower()) or self._why_not_named(name)
        if action == sqlite3.SQLITE_REINDEX and name in self.changed:
            return None
        return self.held_to.may

    def _why_not_named(self, name: str) -> str | None:
        # SQLite itself refuses the two names that it uses, so only SQLite comes here with them.
        by_itself = name == policy.NUMBERED_BY_SQLITE or name.startswith("sqlite_autoindex_")
        if not by_itself and (
            name.startswith(policy.RESERVED) or name in self.modules | policy.TABLES_MADE_BY_FUNCTIONS
        ):
            return f"the name {name} is taken by the program"
        self.changed.add(name)
        return None

    def _why_not_own(self, name: str) -> str | None:
        own = name in self.tables or name in self.changed
        return None if own else f"the table {name} is not one that this read model made"
