"""A command that finds the write store full or locked is not decided: nothing is kept, and it may be sent again."""

import sqlite3

import pytest

from cqrs.commands import AddProduct, Restock
from tests.cqrs.shop import Shop, tables


def test_a_command_that_finds_the_store_locked_is_not_decided(shop: Shop) -> None:
    before = tables(shop.write.connection)
    other = sqlite3.connect(shop.folder / "write.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    shop.write.connection.execute("PRAGMA busy_timeout = 1")
    for command in (Restock("lamp", 1), Restock("lamp", 0)):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            shop.do(command, id="this")
    other.close()
    assert tables(shop.write.connection) == before
    assert shop.do(Restock("lamp", 1), id="this").repeated is False


def test_a_command_that_finds_the_disk_full_is_not_decided(shop: Shop) -> None:
    before = tables(shop.write.connection)
    command = AddProduct("book", 2_000 * "a long name ", 100, 1)
    pages = shop.write.connection.execute("PRAGMA page_count").fetchone()[0]
    shop.write.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        shop.do(command, id="this")
    assert tables(shop.write.connection) == before
    shop.write.connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    answer = shop.do(command, id="this")
    assert (answer.outcome, answer.position, answer.repeated) == ("accepted", 6, False)
