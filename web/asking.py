"""Asking and what was seen: how each read model is asked for, and the customer's page that the last query filled."""

import json
from typing import Any

from cqrs.read.projection import Projection
from lab import truth, xray
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox

VIAS = {
    "read": "the read store",
    "write": "the write store",
    "token": "the read store, once my receipt is reached",
    "wait": "the read store, once everything is applied",
}

FIRST = ("product_card", "order_list", "sales")
"""The read models that have a tab of their own; the others stand under More."""

KEYS = {
    "product_id": ("Product", "products"),
    "order_id": ("Order", "orders"),
    "customer_id": ("Customer", "customers"),
}
"""For a key column, the label of its field, and where its choices come from."""


def _how(projection: Projection) -> dict[str, Any]:
    """Return how a read model is asked for: the tab, the key's label and choices, or that it is searched by words."""
    column = projection.key[0]
    answered = truth.source(projection.name) is not None
    vias = VIAS if answered else {via: said for via, said in VIAS.items() if via != "write"}
    if projection.searched:
        return {"label": projection.title, "key": "Words", "choices": "", "words": True, "vias": vias}
    key, choices = KEYS.get(column, (column, ""))
    return {"label": projection.title, "key": key, "choices": choices, "words": False, "vias": vias}


QUERIES = {name: _how(BUILT_IN[name]) for name in (*FIRST, *sorted(set(BUILT_IN) - set(FIRST)))}
"""How each built-in read model is asked for; a new projection file needs nothing more to be here."""


def queries(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Return how each read model is asked for: the built-in ones, and the learner's own."""
    own = {name: _how(found) for name in sandbox.stores.own() if (found := sandbox.stores.projection(name))}
    return QUERIES | own


def page_seen(sandbox: Sandbox) -> dict[str, Any]:
    """The customer's page: what the last query read. It stays as it was; only what is said below it moves on."""
    row = sandbox.lab.connection.execute(
        "SELECT n, line, reason, model, key, via, as_of, head, waited, result"
        " FROM queries JOIN journal USING (n) ORDER BY n DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return {"seen": None}
    names = ("n", "line", "told", "model", "key", "via", "as_of", "head", "waited", "rows")
    seen = dict(zip(names, (*row[:-1], json.loads(row[-1])), strict=True))
    differing = _differing(sandbox, seen)
    return {
        "seen": seen,
        "behind": seen["head"] - seen["as_of"],
        "via": VIAS[seen["via"]],
        "newer": sandbox.head - seen["as_of"],
        "head": sandbox.head,
        "differing": differing,
        "stale": {(index, column) for index, column, _ in differing},
        "label": _title(sandbox, seen["model"]),
    }


def _title(sandbox: Sandbox, name: str) -> str:
    """Return what a read model's page is called; one of the learner's own may be forgotten by now."""
    projection = sandbox.stores.projection(name)
    return projection.title if projection else name


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
