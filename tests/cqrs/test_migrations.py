"""Migrations: in order, each step whole or not at all, and taken back only from the top."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cqrs.migrations import Migration, MigrationError, Migrations
from cqrs.read.store import MIGRATIONS as OF_READ
from cqrs.sql import connect
from cqrs.write.store import MIGRATIONS as OF_WRITE
from cqrs.write.store import WriteStore
from tests.cqrs.racing import open_at_once
from tests.cqrs.shop import Shop

SHELVES = Migration(1, "shelves", "CREATE TABLE shelves (id INTEGER PRIMARY KEY);", "DROP TABLE shelves;")
LABELS = Migration(
    2, "labels", "ALTER TABLE shelves ADD COLUMN label TEXT DEFAULT ';';", "ALTER TABLE shelves DROP COLUMN label;"
)
BOXES = Migration(
    3,
    "boxes",
    "-- two; of them\nCREATE TABLE boxes (id INTEGER); INSERT INTO boxes VALUES (1);\n"
    "CREATE TRIGGER full AFTER INSERT ON boxes BEGIN\n    SELECT 1;\n    SELECT 2;\nEND;",
    "DROP TABLE boxes;",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "store.db")) as connection:
        yield connection


def schema(store: sqlite3.Connection) -> set[tuple[str, str]]:
    """What stands in the store, but for the registry itself."""
    return set(store.execute("SELECT name, sql FROM sqlite_schema WHERE name <> '_migrations'"))


def test_migrating_applies_what_is_missing_and_says_what(store: sqlite3.Connection) -> None:
    assert Migrations(SHELVES).migrate(store) == [1]
    assert Migrations(SHELVES, LABELS, BOXES).migrate(store) == [2, 3]
    assert Migrations(SHELVES, LABELS, BOXES).migrate(store) == []
    assert {name for name, _ in schema(store)} == {"shelves", "boxes", "full"}
    assert store.execute("SELECT * FROM boxes").fetchall() == [(1,)]
    assert store.execute("SELECT version, name FROM _migrations").fetchall() == [
        (1, "shelves"),
        (2, "labels"),
        (3, "boxes"),
    ]


def test_the_lowest_version_goes_first_whatever_the_order_of_registering(store: sqlite3.Connection) -> None:
    migrations = Migrations(BOXES)
    migrations.register(LABELS)
    migrations.register(SHELVES)
    assert migrations.migrate(store) == [1, 2, 3]
    assert migrations.applied(store) == [1, 2, 3]


def test_a_store_that_never_migrated_has_no_version(store: sqlite3.Connection) -> None:
    assert Migrations(SHELVES).applied(store) == []


def test_a_version_is_registered_once() -> None:
    migrations = Migrations(SHELVES)
    with pytest.raises(MigrationError, match="version 1 is already registered: shelves"):
        migrations.register(Migration(1, "other", "", ""))
    with pytest.raises(MigrationError, match="version 2 is already registered: labels"):
        Migrations(LABELS, LABELS)


def test_a_step_that_fails_in_the_middle_leaves_neither_its_tables_nor_its_row(store: sqlite3.Connection) -> None:
    half = Migration(
        2, "half", "CREATE TABLE fine (x); INSERT INTO fine VALUES (1);\nINSERT INTO nowhere VALUES (1);", ""
    )
    migrations = Migrations(SHELVES, half, BOXES)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrations.migrate(store)
    assert migrations.applied(store) == [1]
    assert {name for name, _ in schema(store)} == {"shelves"}
    assert not store.in_transaction
    assert Migrations(SHELVES, LABELS, BOXES).migrate(store) == [2, 3]


def test_versions_are_taken_back_from_the_top(store: sqlite3.Connection) -> None:
    migrations = Migrations(SHELVES, LABELS, BOXES)
    migrations.migrate(store)
    for version in (3, 2, 1):
        migrations.rollback(store, version)
        assert migrations.applied(store) == list(range(1, version))
    assert schema(store) == set()
    assert migrations.migrate(store) == [1, 2, 3]


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        (9, "version 9 is unknown"),
        (3, "version 3 is not applied"),
        (1, "version 1 cannot go while others stand on it: 2"),
    ],
)
def test_a_rollback_is_refused_with_its_reason(store: sqlite3.Connection, version: int, reason: str) -> None:
    migrations = Migrations(SHELVES, LABELS)
    migrations.migrate(store)
    migrations.register(BOXES)
    before = schema(store)
    with pytest.raises(MigrationError) as refused:
        migrations.rollback(store, version)
    assert str(refused.value) == reason
    assert (schema(store), migrations.applied(store)) == (before, [1, 2])


def test_a_refused_rollback_names_all_that_stand_on_it(store: sqlite3.Connection) -> None:
    migrations = Migrations(SHELVES, LABELS, BOXES)
    migrations.migrate(store)
    with pytest.raises(MigrationError, match="version 1 cannot go while others stand on it: 2, 3"):
        migrations.rollback(store, 1)


def test_a_rollback_that_fails_in_the_middle_takes_nothing_back(store: sqlite3.Connection) -> None:
    migrations = Migrations(Migration(1, "half", SHELVES.up, "DROP TABLE shelves; DROP TABLE nowhere;"))
    migrations.migrate(store)
    before = schema(store)
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrations.rollback(store, 1)
    assert (schema(store), migrations.applied(store)) == (before, [1])


def test_the_stores_own_schemas_go_up_and_down_and_up_again(shop: Shop) -> None:
    for connection, migrations in ((shop.write.connection, OF_WRITE), (shop.read.connection, OF_READ)):
        before = schema(connection)
        for version in reversed(migrations.applied(connection)):
            migrations.rollback(connection, version)
        assert migrations.applied(connection) == []
        migrations.migrate(connection)
        assert schema(connection) == before


def test_a_store_that_is_opened_again_keeps_what_it_has(shop: Shop) -> None:
    with closing(WriteStore(shop.folder / "write.db")) as again:
        assert again.head() == 5


def test_two_processes_that_start_at_once_make_the_stores_once(tmp_path: Path) -> None:
    folders = [tmp_path / str(n) for n in range(20)]
    for folder in folders:
        folder.mkdir()
    open_at_once(folders)
    for folder in folders:
        for store, migrations in (("write.db", OF_WRITE), ("read.db", OF_READ)):
            with closing(connect(folder / store)) as connection:
                applied = migrations.applied(connection)
                assert applied
                assert migrations.migrate(connection) == []
