"""What is done to the write store: one command, many of them, and an order of an older program."""

import sqlite3

from cqrs.commands import CommandRefused, OrderLine, PlaceOrder, Restock
from cqrs.write.handlers import handle
from lab import limits
from lab.actions import Bulk, Cmd
from lab.clock import iso
from lab.dual import write_twice
from lab.fault_actions import Poison
from lab.legacy import ImportOrder, import_order
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores


def command(stores: Stores, action: Cmd, line: Line) -> Done:
    """Let the write store decide one command."""
    command_id = action.command_id or f"cmd-{line.n}"
    _room_for(stores, [command_id])
    wanted = action.command()
    answer = handle(
        stores.write,
        wanted,
        command_id=command_id,
        now=iso(line.at),
        expected_version=action.expect,
    )
    repeated = answer.repeated and not line.again
    trace: tuple[tuple[int, int, int], ...] = ()
    if answer.position is not None and not repeated:
        trace = ((answer.position, line.at, stores.clock.now()),)
        if isinstance(wanted, PlaceOrder) and (died := write_twice(stores, wanted, answer)):
            return died._replace(trace=trace)
    return Done(answer.outcome, answer.reason, answer.position, repeated, trace=trace)


def bulk(stores: Stores, action: Bulk, line: Line) -> Done:
    """Send many orders, with the stock that they take."""
    _room_for(stores, [f"cmd-{line.n}-{number}" for number in range(action.orders + 1)])
    commands = _restock_and_orders(stores, action, line)
    trace: list[tuple[int, int, int]] = []
    said = f"one restock and {action.orders:,} order{'' if action.orders == 1 else 's'}"
    for number, wanted in enumerate(commands):
        received = stores.clock.now()
        try:
            answer = handle(stores.write, wanted, command_id=f"cmd-{line.n}-{number}", now=iso(line.at))
        except sqlite3.Error:
            # What was accepted stands, so this line must not be told as one that failed and did nothing.
            if not trace:
                raise
            said = f"stopped after {len(trace):,} of {len(commands):,} commands: the write store is full or locked"
            break
        if answer.position is not None:
            trace.append((answer.position, received, stores.clock.now()))
    return Done(reason=said, position=stores.write.head(), trace=tuple(trace))


def _restock_and_orders(stores: Stores, action: Bulk, line: Line) -> list[Restock | PlaceOrder]:
    """Return the commands of a bulk: the customers order in turns, or one of them everything."""
    _, product = _somebody_and_something(stores)
    customers = [row[0] for row in stores.write.connection.execute("SELECT id FROM customers ORDER BY id")]
    if action.customer:
        if action.customer not in customers:
            raise CannotDo(f"there is no customer {action.customer}")
        customers = [action.customer]
    commands: list[Restock | PlaceOrder] = [Restock(product, action.orders)]
    for number in range(action.orders):
        customer = customers[number % len(customers)]
        commands.append(PlaceOrder(f"o-{line.n}-{number + 1}", customer, (OrderLine(product, 1),)))
    return commands


def poison(stores: Stores, action: Poison, line: Line) -> Done:
    """Record an order as an older program did, whose event no projection can apply."""
    command_id = f"cmd-{line.n}"
    _room_for(stores, [command_id])
    customer, product = _somebody_and_something(stores)
    asked = ImportOrder(action.order or f"old-{line.n}", action.customer or customer, action.product or product)
    try:
        answer = import_order(stores.write, asked, command_id, iso(line.at))
    except CommandRefused as refused:
        raise CannotDo(f"{refused}; the older program wrote orders of one piece that is in stock") from None
    said = f"injected: order {asked.order_id} as an older program wrote it; its event has no quantity"
    trace = ((answer.position, line.at, stores.clock.now()),) if answer.position is not None else ()
    return Done(reason=said, position=answer.position, trace=trace)


def _somebody_and_something(stores: Stores) -> tuple[str, str]:
    customer = stores.write.connection.execute("SELECT id FROM customers ORDER BY id").fetchone()
    product = stores.write.connection.execute("SELECT id FROM products ORDER BY price_cents, id").fetchone()
    if customer is None or product is None:
        raise CannotDo("an order needs a customer and a product; register one and add one first")
    return customer[0], product[0]


def _room_for(stores: Stores, command_ids: list[str]) -> None:
    """Fail if the log cannot take the events of these commands; one that was decided before adds none."""
    events = sum(stores.write.answer_to(command_id) is None for command_id in command_ids)
    if events and stores.write.head() + events > limits.MAX_EVENTS:
        raise CannotDo(f"a sandbox holds {limits.MAX_EVENTS:,} events, and this one is full; undo or reset makes room")
