"""The panels of the page: each is a pure function from a sandbox to what its partial shows.

The partial of the panel ``event_log`` is ``templates/_event_log.html``, and its one root element has the
id ``event-log``. All partials read one variable, ``panel``.
"""

import json
from collections.abc import Callable
from typing import Any

from lab import trail, truth, xray
from lab.carry_out import Answer
from lab.composer import COMMANDS
from lab.sandbox import Sandbox
from lab.stores import BUILT_IN
from web.chart import lag_chart

TAPE = 12
CHOICES = 50

Panel = Callable[[Sandbox], dict[str, Any]]

VIAS = {
    "read": "the read store",
    "write": "the write store",
    "token": "as fresh as my receipt",
    "wait": "everything applied",
}

QUERIES: dict[str, dict[str, str]] = {
    "product_card": {"label": "Product page", "key": "Product", "choices": "products", "all": "all products"},
    "order_list": {"label": "Order list", "key": "Order", "choices": "orders", "all": "all orders"},
    "sales": {"label": "Sales", "key": "Product", "choices": "products", "all": "all products"},
    "customer_card": {"label": "Customer card", "key": "Customer", "choices": "customers", "all": "all customers"},
    "product_search": {"label": "Search", "key": "Words", "choices": "", "all": ""},
}
"""How each built-in read model is asked for: the tab, the key's label, and where the key's choices come from."""


def gauge(sandbox: Sandbox) -> dict[str, Any]:
    """Return the head and the gap behind it: that of the projection that is furthest behind."""
    standings = xray.standings(sandbox)
    last = max(standings, key=lambda standing: standing.behind, default=None)
    now = sandbox.stores.clock.now()
    since = last.since if last else None
    return {
        "head": sandbox.write.head(),
        "behind": last.behind if last else 0,
        "age": (now - since) / 1_000_000 if since is not None else 0.0,
        "since": since,
        "real": sandbox.stores.clock.kind == "real",
        "now": now,
        "standings": standings,
        "awake": any(standing.status == "running" for standing in standings),
    }


def status(sandbox: Sandbox) -> dict[str, Any]:
    """The strip in the header: head and lag in a word."""
    return gauge(sandbox)


def write_tables(sandbox: Sandbox) -> dict[str, Any]:
    """The raw tables of the write store."""
    return {"tables": xray.write_tables(sandbox), "beat": sandbox.write.head() % 2}


def event_log(sandbox: Sandbox) -> dict[str, Any]:
    """The newest events, with the projections' checkpoints as marks between them."""
    measured = gauge(sandbox)
    page = trail.log_page(sandbox, limit=TAPE)
    marks: dict[int, list[xray.Standing]] = {}
    for standing in measured["standings"]:
        marks.setdefault(standing.position, []).append(standing)
    return {**measured, "items": list(_tape(page["events"], marks)), "shown": len(page["events"])}


def _tape(events: list[dict[str, Any]], marks: dict[int, list[xray.Standing]]) -> Any:
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
        "delay": sandbox.stores.delay,
        "batch": sandbox.stores.batch,
        "traffic": int(sandbox.lab.setting("traffic", "0")),
    }


def read_models(sandbox: Sandbox) -> dict[str, Any]:
    """The raw tables of the read store, each with its lag, and the read models that could be added."""
    measured = gauge(sandbox)
    tables = xray.read_tables(sandbox)
    models = [{"at": at, "table": tables[at.name], "beat": at.position % 2} for at in measured["standings"]]
    missing = [name for name in QUERIES if name not in tables and name in BUILT_IN]
    return {**measured, "models": models, "missing": missing, "has_code": set(BUILT_IN)}


def page_seen(sandbox: Sandbox) -> dict[str, Any]:
    """The customer's page: what the last query read. It stays as it was; only what is said below it moves on."""
    row = sandbox.lab.connection.execute(
        "SELECT n, line, model, key, via, as_of, head, waited, result"
        " FROM queries JOIN journal USING (n) ORDER BY n DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return {"seen": None}
    names = ("n", "line", "model", "key", "via", "as_of", "head", "waited", "rows")
    seen = dict(zip(names, (*row[:-1], json.loads(row[-1])), strict=True))
    differing = _differing(sandbox, seen)
    return {
        "seen": seen,
        "behind": seen["head"] - seen["as_of"],
        "via": VIAS[seen["via"]],
        "newer": sandbox.write.head() - seen["as_of"],
        "head": sandbox.write.head(),
        "differing": differing,
        "stale": {(index, column) for index, column, _ in differing},
        "label": QUERIES.get(seen["model"], {}).get("label", seen["model"]),
    }


def _differing(sandbox: Sandbox, seen: dict[str, Any]) -> list[tuple[int, str, Any]]:
    """Find the values of a page that the write store would answer differently now: (row, column, its value)."""
    projection = sandbox.projections.get(seen["model"])
    if projection is None:
        return []
    shown = seen["rows"][: xray.WINDOW]
    keys = [tuple(row[column] for column in projection.key) for row in shown]
    true = truth.rows_of(sandbox.write.connection, projection, keys)
    return [
        (index, column, true[key][column])
        for index, (key, row) in enumerate(zip(keys, shown, strict=True))
        if key in true
        for column, value in row.items()
        if column in true[key] and true[key][column] != value
    ]


def choices(sandbox: Sandbox) -> dict[str, Any]:
    """What can be chosen in the composers: customers, products, orders, and the ids that would be free."""
    ask = sandbox.write.connection.execute
    newest = "SELECT substr(stream, 7) FROM events WHERE type = 'OrderPlaced' ORDER BY position DESC LIMIT ?"
    orders = [row[0] for row in ask(newest, (CHOICES,))]
    marks = ", ".join("?" * len(orders))
    still = {row[0] for row in ask(f"SELECT id FROM orders WHERE status = 'placed' AND id IN ({marks})", orders)}
    return {
        "customers": ask("SELECT id, name FROM customers ORDER BY id LIMIT ?", (CHOICES,)).fetchall(),
        "products": ask("SELECT id, name FROM products ORDER BY id LIMIT ?", (CHOICES,)).fetchall(),
        "orders": [(order, order) for order in orders],
        "open": [(order, order) for order in orders if order in still],
        "next_customer": f"c{ask('SELECT count(*) FROM customers').fetchone()[0] + 1}",
    }


def _locked(panel: Panel) -> Panel:
    def look(sandbox: Sandbox) -> dict[str, Any]:
        with sandbox.lock:
            sandbox.stores.ensure_read()
            return panel(sandbox)

    return look


PANELS: dict[str, Panel] = {
    panel.__name__: _locked(panel)
    for panel in (
        status, write_tables, event_log, projector, page_seen, read_models, lag_chart, choices
    )
}


def answer(sandbox: Sandbox, given: Answer) -> dict[str, Any]:
    """Return an answer as it is shown where the action was asked for."""
    return {
        "line": given.line,
        "outcome": given.outcome,
        "reason": given.reason,
        "position": given.position,
        "took_ms": given.took_ms,
        "repeated": given.repeated,
        "event": _type_of(sandbox, given.position if given.line.startswith("cmd ") else None),
    }


def _type_of(sandbox: Sandbox, position: int | None) -> str | None:
    with sandbox.lock:
        row = sandbox.write.connection.execute("SELECT type FROM events WHERE position = ?", (position,)).fetchone()
    return row[0] if row else None


def last_answer(sandbox: Sandbox) -> tuple[str, dict[str, Any] | None]:
    """Return the learner's last answer from the journal, and the slot it belongs to; nothing is lost by a reload."""
    with sandbox.lock:
        row = sandbox.lab.connection.execute(
            "SELECT line, outcome, reason, position, at, answered_at FROM journal"
            " WHERE origin = 'learner' AND outcome IS NOT NULL ORDER BY n DESC LIMIT 1"
        ).fetchone()
    if row is None:
        return "line", None
    line, outcome, reason, position, *_ = row
    slot = {"cmd": "write", "query": "read"}.get(line.split()[0], "line")
    return slot, answer(sandbox, Answer(line, outcome, reason, position))


def page(sandbox: Sandbox, given: Answer | None = None, slot: str = "line") -> dict[str, Any]:
    """Return the context of the whole page: every panel, the composers, and the last answer in its slot."""
    if given is None:
        slot, last = last_answer(sandbox)
    else:
        last = answer(sandbox, given)
    return {
        "panels": {name: panel(sandbox) for name, panel in PANELS.items()},
        "commands": COMMANDS,
        "queries": QUERIES,
        "vias": VIAS,
        "answers": {slot: last},
        "tab": last["line"].split()[1] if last and last["line"].startswith("cmd ") else "place_order",
        "model": last["line"].split()[1] if last and last["line"].startswith("query ") else "product_card",
    }
