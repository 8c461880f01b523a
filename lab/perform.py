"""What each action does to the stores. Every function here may be run twice for one line, to the same end."""

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from cqrs.commands import CommandRefused, OrderLine, PlaceOrder, Restock
from cqrs.read import queries
from cqrs.read.projection import Projection
from cqrs.write.handlers import handle
from lab import asked, limits, steady, truth
from lab.actions import (
    Action,
    Bulk,
    Cmd,
    Model,
    ModelWrite,
    Pause,
    Query,
    Reset,
    Resume,
    Run,
    Set,
    Sql,
    Step,
    Traffic,
    TryOut,
    Undo,
    Wait,
)
from lab.beside import beside, fill_target
from lab.books import begin_again
from lab.clock import iso
from lab.dual import dual, write_twice
from lab.fault_actions import (
    Crash,
    Dual,
    Handler,
    Mode,
    Oracle,
    Poison,
    Race,
    Redeliver,
    Reorder,
    Retry,
    Strategies,
    Travel,
)
from lab.faults import crash, finished, handler, mode, redeliver, reorder, retry, retry_target
from lab.legacy import ImportOrder, import_order
from lab.lesson_actions import Index, Measure, Patch
from lab.lesson_deeds import index, measure, patch
from lab.oracle import oracle
from lab.outcome import Applied, CannotDo, Done, Line
from lab.own import shown
from lab.own_deeds import forget, write
from lab.race import race
from lab.stores import Stores
from lab.strategies import strategies
from lab.travel import travel
from lab.values import closest


def targets(stores: Stores, action: Action) -> dict[str, int] | None:
    """Return the positions that an action will lead projections to, settled before it acts so that it may be redone.

    A line that makes no sense now has none; done again, it has to fail again.
    """
    head = stores.write.head()
    match action:
        case Step(model, events):
            return {name: min(_goal(stores, name, at), at + events) for name, at in _named(stores, model).items()}
        case Run("all", to):
            running = [c for c in stores.read.checkpoints() if c.status == "running"]
            return {c.name: min(to or head, _goal(stores, c.name, c.position)) for c in running}
        case Run(model, to):
            return {name: min(to or head, _goal(stores, name, at)) for name, at in _named(stores, model).items()}
        case ModelWrite(name) if name not in stores.checkpoints():
            return {name: 0}
        case Model("add", name, from_end=from_end) if name not in stores.checkpoints():
            return {name: head if from_end else 0}
        case Model("drop", name, old=False):
            return _named(stores, name)
        case Model("fill"):
            return fill_target(stores, action)
        case Reorder(model):
            return _named(stores, model)
        case Retry():
            return retry_target(stores, action)
        case _:
            return None


def _goal(stores: Stores, name: str, position: int) -> int:
    """Return how far one line may lead a projection."""
    return min(stores.write.head(), position + stores.most_at_once(name))


def perform(stores: Stores, action: Action, line: Line) -> Done:
    """Carry out an action; raise CannotDo where it makes no sense now."""
    return PERFORM[type(action)](stores, action, line)


def _named(stores: Stores, model: str) -> dict[str, int]:
    positions = stores.positions()
    if model == "all":
        return positions
    if model not in positions:
        raise CannotDo(_no_model(stores, model))
    return {model: positions[model]}


def _no_model(stores: Stores, model: str) -> str:
    if stores.projection(model) is not None:
        return f"there is no read model {model} now; this line would add it: model add {model}"
    return f"there is no read model {model}; {closest(model, stores.known())}"


def _room_for(stores: Stores, command_ids: list[str]) -> None:
    """Fail if the log cannot take the events of these commands; one that was decided before adds none."""
    events = sum(stores.write.answer_to(command_id) is None for command_id in command_ids)
    if events and stores.write.head() + events > limits.MAX_EVENTS:
        raise CannotDo(f"a sandbox holds {limits.MAX_EVENTS:,} events, and this one is full; undo or reset makes room")


def _cmd(stores: Stores, action: Cmd, line: Line) -> Done:
    command_id = action.command_id or f"cmd-{line.n}"
    _room_for(stores, [command_id])
    command = action.command()
    answer = handle(
        stores.write,
        command,
        command_id=command_id,
        now=iso(line.at),
        expected_version=action.expect,
    )
    repeated = answer.repeated and not line.again
    trace: tuple[tuple[int, int, int], ...] = ()
    if answer.position is not None and not repeated:
        trace = ((answer.position, line.at, stores.clock.now()),)
        if isinstance(command, PlaceOrder) and (died := write_twice(stores, command, answer)):
            return died._replace(trace=trace)
    return Done(answer.outcome, answer.reason, answer.position, repeated, trace=trace)


def _poison(stores: Stores, action: Poison, line: Line) -> Done:
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


def _bulk(stores: Stores, action: Bulk, line: Line) -> Done:
    _room_for(stores, [f"cmd-{line.n}-{number}" for number in range(action.orders + 1)])
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
    trace: list[tuple[int, int, int]] = []
    said = f"one restock and {action.orders:,} order{'' if action.orders == 1 else 's'}"
    for number, command in enumerate(commands):
        received = stores.clock.now()
        try:
            answer = handle(stores.write, command, command_id=f"cmd-{line.n}-{number}", now=iso(line.at))
        except sqlite3.Error:
            # What was accepted stands, so this line must not be told as one that failed and did nothing.
            if not trace:
                raise
            said = f"stopped after {len(trace):,} of {len(commands):,} commands: the write store is full or locked"
            break
        if answer.position is not None:
            trace.append((answer.position, received, stores.clock.now()))
    return Done(reason=said, position=stores.write.head(), trace=tuple(trace))


def _model(stores: Stores, action: Model, line: Line) -> Done:
    if action.act == "forget":
        return forget(stores, action, line)
    if action.beside or action.old or action.act in ("fill", "switch", "cancel"):
        return beside(stores, action, line)
    done = {"add": _add, "rebuild": _rebuild, "drop": _drop}[action.act](stores, action, line)
    stores.remember_models()
    return done


def _drop(stores: Stores, action: Model, line: Line) -> Done:
    if line.target is None:
        _named(stores, action.name)
    for name in stores.positions():
        projection = stores.projection(name)
        if projection is not None and action.name in (name, "all"):
            stores.next.discard(projection)
            begin_again(stores.read, name)
            stores.read.drop(projection)
    standing = {name: it for name, it in stores.next.standing().items() if action.name not in (name, "all")}
    return Done(
        reason="dropped",
        settings={"beside": json.dumps(standing), "rebuilding": json.dumps(stores.rebuilding())},
    )


def _rebuild(stores: Stores, action: Model, line: Line) -> Done:
    remembered, rebuilding, head = stores.models(), stores.rebuilding(), stores.write.head()
    for name in _named(stores, action.name):
        projection = stores.projection(name)
        if projection is None:
            raise CannotDo(_no_model(stores, name))
        if refused := _empty(stores, projection):
            if action.name != "all":
                raise CannotDo(refused)
            stores.read.set_status(name, "stopped", refused)
            continue
        # A crash may have come between these two lines, so read.db cannot say whether it was paused.
        if remembered[name]["paused"]:
            stores.read.set_status(name, "paused")
        stores.journal.set("models", stores.knowing_from(name, 0))
        rebuilding[name] = head
    said = "empty again: the projector fills it from event 1, and whoever reads it meanwhile is told"
    return Done(reason=said, settings={"rebuilding": json.dumps(rebuilding)})


def _empty(stores: Stores, projection: Projection) -> str | None:
    """Begin a read model again from event 1; say why not, if it is a learner's own and the guard refuses it."""
    try:
        stores.begin(projection)
    except CannotDo as refused:
        return str(refused)
    begin_again(stores.read, projection.name)
    return None


def _add(stores: Stores, action: Model, line: Line) -> Done:
    projection = stores.projection(action.name)
    if projection is None:
        raise CannotDo(_no_model(stores, action.name))
    position = (line.target or {}).get(action.name, 0)
    if action.name not in stores.checkpoints():
        stores.begin(projection, position)
    elif line.target is None:
        raise CannotDo(f"{action.name} is there already; this line would fill it again: model rebuild {action.name}")
    return Done(position=position)


def _apply(stores: Stores, action: Step | Run, line: Line) -> Done:
    # Without a target there was no such read model, and done again it has to fail again.
    wanted = line.target if line.target is not None else targets(stores, action) or {}
    for name, checkpoint in stores.checkpoints().items():
        if name in wanted and checkpoint.status == "stopped":
            stores.read.set_status(name, "running")
    progress = stores.apply(wanted, line.n, again=line.again)
    position = max((to for _, to, _, _, _ in progress.applied), default=None)
    return finished(stores, progress, _said_of(stores, wanted, progress.applied), position)


def _said_of(stores: Stores, wanted: dict[str, int], applied: list[Applied]) -> str:
    first, last = min((b[2] for b in applied), default=0) + 1, max((b[1] for b in applied), default=0)
    if applied:
        return f"event #{last} applied" if first == last else f"events #{first} to #{last} applied"
    there = stores.checkpoints()
    stopped = [name for name, checkpoint in there.items() if checkpoint.status == "stopped" and name not in wanted]
    if stopped:
        return f"nothing ran: {stopped[0]} is stopped, and this line starts it again: run {stopped[0]}"
    if there and not wanted:
        return "nothing ran: every read model is asleep, and resume wakes them"
    return "nothing was pending"


def _sleep(stores: Stores, action: Pause | Resume, line: Line) -> Done:
    status = "paused" if isinstance(action, Pause) else "running"
    for name in _named(stores, action.model):
        stores.read.set_status(name, status)
    stores.remember_models()
    return Done()


def _wait(stores: Stores, action: Wait, line: Line) -> Done:
    stores.clock.pass_time(action.milliseconds)
    return Done()


def _query(stores: Stores, action: Query, line: Line) -> Done:
    _named(stores, action.model)
    projection = stores.projection(action.model)
    if projection is None or action.model == "all":
        raise CannotDo(_no_model(stores, action.model))
    head, told = stores.write.head(), None
    if action.via == "write":
        if truth.source(action.model) is None:
            raise CannotDo(f"only built-in read models can be asked in the write store, and {action.model} is your own")
        page = queries.Page(
            truth.rows(stores.write.connection, projection, action.key, limits.MAX_QUERY_ROWS), as_of=head
        )
    else:
        page = queries.query(stores.reader, projection, action.key, limits.MAX_QUERY_ROWS)
        goal = stores.rebuilding().get(action.model)
        told = f"{action.model} is being rebuilt: {page.as_of:,} of {goal:,} events" if goal else None
    seen = {
        "model": action.model,
        "key": action.key,
        "via": action.via,
        "as_of": page.as_of,
        "head": head,
        "waited": line.waited,
        "result": [{column: shown(value) for column, value in row.items()} for row in page.rows],
    }
    return Done(reason=told, position=page.as_of, query=seen)


def _set(stores: Stores, action: Set, line: Line) -> Done:
    if action.model is not None and action.delay is not None:
        return _set_delay_of(stores, action.model, action.delay)
    if action.delay is not None:
        stores.journal.set("delay", action.delay)
    if action.batch is not None:
        stores.journal.set("batch", action.batch)
    return Done()


def _set_delay_of(stores: Stores, name: str, delay: float) -> Done:
    """Give a read model a delay of its own; with the common one, it has none of its own any more."""
    if name not in stores.positions():
        raise CannotDo(_no_model(stores, name))
    delays = {other: own for other, own in stores.delays().items() if other != name}
    if delay == stores.delay:
        said = f"{name} waits as long as the others again: {delay:g} s, injected"
    else:
        delays[name] = delay
        said = f"{name} waits {delay:g} s before each batch, injected; the others {stores.delay:g} s"
    return Done(reason=said, settings={"delays": json.dumps(delays)})


def _traffic(stores: Stores, action: Traffic, line: Line) -> Done:
    if action.per_second and stores.write.head() >= limits.TRAFFIC_STOPS_AT_EVENTS:
        raise CannotDo(
            f"traffic stops at {limits.TRAFFIC_STOPS_AT_EVENTS:,} events, so that there is room left to try things"
        )
    stores.journal.set("traffic", action.per_second)
    return Done()


def _go_back(stores: Stores, action: Undo | Reset, line: Line) -> Done:
    raise CannotDo(f"{action} drops lines that are there; a transcript leaves them out instead")


PERFORM: dict[type, Callable[[Stores, Any, Line], Done]] = {
    Cmd: _cmd,
    Bulk: _bulk,
    Model: _model,
    ModelWrite: write,
    Step: _apply,
    Run: _apply,
    Pause: _sleep,
    Resume: _sleep,
    Wait: _wait,
    Query: _query,
    Sql: asked.keep,
    TryOut: steady.keep,
    Set: _set,
    Traffic: _traffic,
    Undo: _go_back,
    Reset: _go_back,
    Poison: _poison,
    Mode: mode,
    Crash: crash,
    Redeliver: redeliver,
    Reorder: reorder,
    Retry: retry,
    Handler: handler,
    Dual: dual,
    Oracle: oracle,
    Strategies: strategies,
    Race: race,
    Travel: travel,
    Patch: patch,
    Measure: measure,
    Index: index,
}
