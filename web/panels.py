"""The panels of the page: each is a pure function from a sandbox to what its partial shows.

The partial of the panel ``event_log`` is ``templates/_event_log.html``, and its one root element has the
id ``event-log``. All partials read one variable, ``panel``.
"""

from collections.abc import Callable
from typing import Any

from lab import broken, dual, progress, trail, xray, xray_read
from lab.sandbox import Sandbox
from lab.standing import Standing, standings
from web.asking import page_seen, queries
from web.chart import lag_chart

TAPE = 12
CHOICES = 50
ORDER_CHARS = 40
"""How much of what was ordered a choice shows."""

NEWEST_ORDERS = """
    SELECT substr(stream, 7), status, customer_name,
           (SELECT group_concat(qty || ' ' || name, ', ') FROM order_lines WHERE order_id = orders.id)
    FROM events LEFT JOIN orders ON orders.id = substr(stream, 7)
    WHERE type = 'OrderPlaced' ORDER BY position DESC LIMIT ?
"""
MEASURES = 6

FIRST_TO_BREAK = "sales"
"""The read model that the page offers first to be broken: a number counted twice is seen there best."""

Panel = Callable[[Sandbox], dict[str, Any]]


def gauge(sandbox: Sandbox) -> dict[str, Any]:
    """Return the head and the gap behind it: that of the projection that is furthest behind."""
    everyone = standings(sandbox)
    last = max(everyone, key=lambda standing: standing.behind, default=None)
    now = sandbox.stores.clock.now()
    since = last.since if last else None
    return {
        "head": sandbox.head,
        "behind": last.behind if last else 0,
        "age": (now - since) / 1_000_000 if since is not None else 0.0,
        "since": since,
        "real": sandbox.stores.clock.kind == "real",
        "now": now,
        "standings": everyone,
        "awake": any(standing.status == "running" for standing in everyone),
    }


def status(sandbox: Sandbox) -> dict[str, Any]:
    """The strip in the header: head and lag in a word."""
    return {**gauge(sandbox), "dual": sandbox.lab.setting("dual") == "on"}


def write_tables(sandbox: Sandbox) -> dict[str, Any]:
    """The raw tables of the write store."""
    return {
        "tables": xray.write_tables(sandbox),
        "beat": sandbox.head % 2,
        "notice": sandbox.stores.notices.now().get("write.db"),
    }


def event_log(sandbox: Sandbox) -> dict[str, Any]:
    """The newest events, with the projections' checkpoints as marks between them."""
    measured = gauge(sandbox)
    page = trail.log_page(sandbox, limit=TAPE)
    marks: dict[int, list[Standing]] = {}
    for standing in measured["standings"]:
        marks.setdefault(standing.position, []).append(standing)
    return {**measured, "items": list(_tape(page["events"], marks)), "shown": len(page["events"])}


def _tape(events: list[dict[str, Any]], marks: dict[int, list[Standing]]) -> Any:
    below = dict(marks)
    for event in events:
        if at := below.pop(event["position"], None):
            yield {"mark": at, "position": event["position"]}
        waiting = sum(len(standings) for position, standings in marks.items() if position < event["position"])
        yield {**event, "waiting": waiting, "of": sum(map(len, marks.values()))}
    last = events[-1]["position"] if events else 1
    for position in sorted(below, reverse=True):
        if last - position > 1:
            yield {"gap": last - position - 1}
        yield {"mark": below[position], "position": position}
        last = position + 1
    if last > 1:
        yield {"gap": last - 1}


def projector(sandbox: Sandbox) -> dict[str, Any]:
    """The projector's controls as they are set."""
    measured = gauge(sandbox)
    asleep = sum(standing.status == "paused" for standing in measured["standings"])
    return {
        **measured,
        "asleep": asleep,
        "delay": sandbox.stores.settings.delay,
        "batch": sandbox.stores.settings.batch,
        "traffic": int(sandbox.lab.setting("traffic", "0")),
        "broken": FIRST_TO_BREAK if FIRST_TO_BREAK in sandbox.projections else next(iter(sandbox.projections), None),
    }


def read_models(sandbox: Sandbox) -> dict[str, Any]:
    """The raw tables of the read store, each with its lag, and the read models that could be added."""
    measured = gauge(sandbox)
    tables = xray_read.read_tables(sandbox)
    # What a learner made is what they look for, so it stands above what was there.
    at_first = sorted(measured["standings"], key=lambda at: not sandbox.stores.is_own(at.name))
    models = [_model(sandbox, at, tables[at.name]) for at in at_first]
    missing = [name for name in queries(sandbox) if name not in tables]
    return {
        **measured,
        "models": models,
        "missing": missing,
        "delay": sandbox.stores.settings.delay,
        "has_code": set(tables),
        "dual": dual.table(sandbox.stores),
        "notice": sandbox.stores.notices.now().get("read.db"),
    }


def _model(sandbox: Sandbox, at: Standing, table: xray.Table) -> dict[str, Any]:
    matter = broken.trouble(sandbox, at.name)
    wrong = {(drift.key, drift.column): drift for drift in matter["drift"]}
    missing = [drift for drift in matter["drift"] if drift.column is None and drift.says is None]
    return {
        **matter,
        **progress.marks(sandbox, at.name),
        "at": at,
        "own": sandbox.stores.is_own(at.name),
        "table": table,
        "beat": at.position % 2,
        "wrong": wrong,
        "stale": sum(cell.stale and (row.key, cell.column) not in wrong for row in table.rows for cell in row.cells),
        "lost": missing[: xray.WINDOW],
        "drifted": len({drift.key for drift in matter["drift"]}),
    }


def beside(sandbox: Sandbox) -> dict[str, Any]:
    """The read models that are built again beside, with how far each has come."""
    return {"models": progress.beside(sandbox)}


def measures(sandbox: Sandbox) -> dict[str, Any]:
    """What was measured so far, oldest first: whose page, by which road, in a shop of how many orders, its work."""
    rows = sandbox.lab.connection.execute("SELECT name, customer, orders, work FROM measures ORDER BY n").fetchall()
    return {"rows": [dict(zip(("name", "customer", "orders", "work"), row, strict=True)) for row in rows[-MEASURES:]]}


def choices(sandbox: Sandbox) -> dict[str, Any]:
    """What the composers offer, as (id, label, label without a customer's name), and the id that is free."""
    ask = sandbox.write.connection.execute
    orders = ask(NEWEST_ORDERS, (CHOICES,)).fetchall()
    labelled = {order: _order(order, *said) for order, _, *said in orders}
    return {
        "customers": ask("SELECT id, name, id FROM customers ORDER BY id LIMIT ?", (CHOICES,)).fetchall(),
        "products": ask("SELECT id, name FROM products ORDER BY id LIMIT ?", (CHOICES,)).fetchall(),
        "orders": [*labelled.values()],
        "open": [labelled[order] for order, status, *_ in orders if status == "placed"],
        "next_customer": f"c{ask('SELECT count(*) FROM customers').fetchone()[0] + 1}",
    }


def _order(order: str, customer: str | None, lines: str | None) -> tuple[str, str, str]:
    """Label an order so that it is known again: its id, whose it is, and what was ordered."""
    what = [f"{lines[:ORDER_CHARS]}…" if len(lines) > ORDER_CHARS else lines] if lines else []
    return order, " · ".join([order, *([customer] if customer else []), *what]), " · ".join([order, *what])


def _held_still(panel: Panel) -> Panel:
    def look(sandbox: Sandbox) -> dict[str, Any]:
        with sandbox.still():
            return panel(sandbox)

    return look


PANELS: dict[str, Panel] = {
    panel.__name__: _held_still(panel)
    for panel in (
        status,
        write_tables,
        event_log,
        projector,
        page_seen,
        beside,
        read_models,
        lag_chart,
        measures,
        choices,
    )
}
