"""B1 to B3: how many commands a second, alone, with five read models kept up, and beside the peer."""

from pathlib import Path

from bench.driver import Driver
from bench.instrument import ROUNDS, Measure, Stopwatch
from bench.peer import open_peer, place_orders
from bench.shop import NOW, open_shop, order
from cqrs.read.projection import built_in
from cqrs.sql import connect
from cqrs.write.handlers import handle

COMMANDS = 1_000
SHORT_ROUNDS = 3 * ROUNDS
GATHER_SECONDS = 0.02


def commands_alone(folder: Path) -> float:
    """Return orders a second through the one door to the write side."""
    store = open_shop(folder / "write.db")
    orders = [order(number) for number in range(COMMANDS)]
    watch = Stopwatch()
    with watch():
        for command in orders:
            handle(store, command, command_id=command.order_id, now=NOW.format(day=1))
    store.close()
    return COMMANDS / watch.seconds


def commands_with_projector(folder: Path) -> float:
    """Return orders a second, counted when all five read models have applied the last one."""
    store = open_shop(folder / "write.db")
    orders = [order(number) for number in range(COMMANDS)]
    driver = Driver(folder, built_in().values(), gather=GATHER_SECONDS)
    watch = Stopwatch()
    with watch():
        for command in orders:
            handle(store, command, command_id=command.order_id, now=NOW.format(day=1))
            driver.tell()
        driver.finish()
    store.close()
    return COMMANDS / watch.seconds


def raw_inserts(folder: Path) -> float:
    """Return orders a second as a plain table takes them: one row, one transaction, opened as a store is."""
    connection = connect(folder / "raw.db")
    connection.execute(
        "CREATE TABLE orders (id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, product_id TEXT NOT NULL,"
        " qty INTEGER NOT NULL)"
    )
    rows = [
        (command.order_id, command.customer_id, command.lines[0].product_id, command.lines[0].qty)
        for command in map(order, range(COMMANDS))
    ]
    watch = Stopwatch()
    with watch():
        for row in rows:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row)
            connection.execute("COMMIT")
    connection.close()
    return COMMANDS / watch.seconds


def peer_commands(folder: Path) -> float:
    """Return aggregates a second that the peer loads, changes and saves; each has one event to load."""
    app = open_peer(folder)
    ids = place_orders(app, map(order, range(COMMANDS)))
    watch = Stopwatch()
    with watch():
        for order_id in ids:
            placed = app.repository.get(order_id)
            placed.ship()
            app.save(placed)
    app.close()
    return COMMANDS / watch.seconds


MEASURES = (
    Measure(
        "B1",
        "place_order ÷ raw transactions",
        "at-least",
        0.24,
        commands_alone,
        raw_inserts,
        rounds=SHORT_ROUNDS,
    ),
    Measure(
        "B2",
        "the same, five read models kept up",
        "at-least",
        0.10,
        commands_with_projector,
        raw_inserts,
        rounds=SHORT_ROUNDS,
    ),
    Measure(
        "B3",
        "place_order ÷ peer's load, change, save",
        "at-least",
        1.3,
        commands_alone,
        peer_commands,
        rounds=SHORT_ROUNDS,
    ),
)
