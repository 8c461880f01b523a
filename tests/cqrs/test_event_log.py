"""The event log cannot be changed unnoticed, and the write store's tables hold the rules a second time."""

import sqlite3

import pytest

from tests.cqrs.oracle import first_broken_link
from tests.cqrs.shop import ONE_OF_EACH, Shop, order, tables

COLUMNS = ("event_id", "type", "stream", "stream_version", "payload", "recorded_at", "command_id", "hash")


@pytest.fixture
def old(shop: Shop) -> Shop:
    """A shop with a history."""
    shop.accept(*ONE_OF_EACH)
    return shop


def test_the_positions_have_no_gap(old: Shop) -> None:
    head = old.write.head()
    assert head == 5 + len(ONE_OF_EACH)
    assert [event.position for event in old.write.events_after(0, 100)] == list(range(1, head + 1))


def test_the_feed_gives_so_many_events_behind_a_position(old: Shop) -> None:
    assert [event.position for event in old.write.events_after(7, 3)] == [8, 9, 10]
    assert list(old.write.events_after(old.write.head(), 3)) == []


def test_each_hash_chains_to_the_one_before(old: Shop) -> None:
    assert first_broken_link(old.write.connection) is None


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_event_breaks_the_chain(old: Shop, column: str) -> None:
    connection = old.write.connection
    connection.execute("DROP TRIGGER events_are_never_changed")
    connection.execute(f"UPDATE events SET {column} = {column} || '1' WHERE position = 7")
    assert first_broken_link(connection) == 7


def test_a_removed_event_breaks_the_chain(old: Shop) -> None:
    connection = old.write.connection
    connection.execute("DROP TRIGGER events_are_never_deleted")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM events WHERE position = 7")
    assert first_broken_link(connection) == 8


def test_events_that_changed_places_break_the_chain(old: Shop) -> None:
    connection = old.write.connection
    connection.execute("DROP TRIGGER events_are_never_changed")
    connection.execute("PRAGMA foreign_keys = OFF")
    for was, becomes in ((7, 99), (8, 7), (99, 8)):
        connection.execute("UPDATE events SET position = ? WHERE position = ?", (becomes, was))
    assert first_broken_link(connection) == 7


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET payload = '{}' WHERE position = 3",
        "UPDATE events SET recorded_at = recorded_at",
        "DELETE FROM events WHERE position = 17",
        "DELETE FROM events",
        "REPLACE INTO events SELECT * FROM events WHERE position = 17",
    ],
)
def test_the_log_only_grows(old: Shop, sql: str) -> None:
    before = tables(old.write.connection)
    with pytest.raises(sqlite3.IntegrityError, match="an event is a fact: it is never"):
        old.write.connection.execute(sql)
    assert tables(old.write.connection) == before


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE stock SET on_hand = -1 WHERE product_id = 'rug'", "CHECK"),
        ("UPDATE products SET price_cents = 0", "CHECK"),
        ("UPDATE orders SET status = 'lost'", "CHECK"),
        ("UPDATE order_lines SET qty = 0", "CHECK"),
        ("UPDATE order_lines SET unit_price_cents = 0", "CHECK"),
        ("UPDATE commands SET outcome = 'rejected'", "CHECK"),
        ("INSERT INTO stock VALUES ('gift', 1)", "FOREIGN KEY"),
        ("INSERT INTO orders VALUES ('o9', 'c9', 'Eve', 'placed', '2026-03-02', 1)", "FOREIGN KEY"),
        ("INSERT INTO order_lines VALUES ('o1', 'gift', 'Gift', 1, 100)", "FOREIGN KEY"),
        ("INSERT INTO order_lines VALUES ('o9', 'lamp', 'Lamp', 1, 100)", "FOREIGN KEY"),
        ("INSERT INTO commands VALUES ('x', 'ShipOrder', '{}', 'accepted', NULL, 99, 'now')", "FOREIGN KEY"),
        ("DELETE FROM customers WHERE id = 'c1'", "FOREIGN KEY"),
        ("DELETE FROM products WHERE id = 'lamp'", "FOREIGN KEY"),
        ("INSERT INTO customers VALUES ('c1', 'Eve', 'eve@example.test', 1)", "UNIQUE"),
        ("INSERT INTO customers VALUES ('c9', 'Eve', 'ada@example.test', 1)", "UNIQUE"),
        ("INSERT INTO order_lines VALUES ('o1', 'lamp', 'Lamp', 1, 100)", "UNIQUE"),
        ("INSERT INTO commands SELECT * FROM commands LIMIT 1", "UNIQUE"),
        ("INSERT INTO events VALUES (98, 'k-1.1', 'T', 's', 1, '{}', 'now', 'k', 'h')", "UNIQUE"),
        ("INSERT INTO events VALUES (98, 'k.1', 'T', 'order-o1', 1, '{}', 'now', 'k', 'h')", "UNIQUE"),
        ("UPDATE customers SET name = NULL", "NOT NULL"),
    ],
)
def test_the_tables_hold_the_rules_a_second_time(shop: Shop, sql: str, reason: str) -> None:
    shop.accept(order("o1", lamp=1))
    before = tables(shop.write.connection)
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        shop.write.connection.execute(sql)
    assert tables(shop.write.connection) == before
