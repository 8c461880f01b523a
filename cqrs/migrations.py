"""Migrations: every change of a store's shape has a version, a way up and a way down.

The store itself remembers which versions it has, in ``_migrations``. A step and its row in that table
commit together, so a crash leaves either both or neither.
"""

import sqlite3
from dataclasses import dataclass

from cqrs.sql import statements, transaction


class MigrationError(Exception):
    """A migration was refused; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    name: str
    up: str
    down: str


class Migrations:
    """The registry of one store's migrations."""

    def __init__(self, *migrations: Migration) -> None:
        self._registered: dict[int, Migration] = {}
        for migration in migrations:
            self.register(migration)

    def register(self, migration: Migration) -> None:
        """Add a migration; raise MigrationError if its version is taken."""
        taken = self._registered.get(migration.version)
        if taken is not None:
            raise MigrationError(f"version {migration.version} is already registered: {taken.name}")
        self._registered[migration.version] = migration

    def applied(self, connection: sqlite3.Connection) -> list[int]:
        """Return the versions that this store has, in order."""
        connection.execute("CREATE TABLE IF NOT EXISTS _migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        return [version for (version,) in connection.execute("SELECT version FROM _migrations ORDER BY version")]

    def migrate(self, connection: sqlite3.Connection) -> list[int]:
        """Apply what is missing, lowest version first; return the versions applied now.

        Two processes may start at once: whoever gets the write lock first applies the step, the other
        looks again under the lock and finds it done.
        """
        done: list[int] = []
        for version in sorted(self._registered):
            if version in self.applied(connection):
                continue
            with transaction(connection):
                if version not in self.applied(connection):
                    self._apply(connection, self._registered[version])
                    done.append(version)
        return done

    def rollback(self, connection: sqlite3.Connection, version: int) -> None:
        """Take one version back; raise MigrationError if it is unknown, not applied, or others stand on it."""
        migration = self._registered.get(version)
        if migration is None:
            raise MigrationError(f"version {version} is unknown")
        with transaction(connection):
            applied = self.applied(connection)
            if version not in applied:
                raise MigrationError(f"version {version} is not applied")
            above = [str(other) for other in applied if other > version]
            if above:
                raise MigrationError(f"version {version} cannot go while others stand on it: {', '.join(above)}")
            for statement in statements(migration.down):
                connection.execute(statement)
            connection.execute("DELETE FROM _migrations WHERE version = ?", (version,))

    @staticmethod
    def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
        for statement in statements(migration.up):
            connection.execute(statement)
        connection.execute("INSERT INTO _migrations VALUES (?, ?)", (migration.version, migration.name))
