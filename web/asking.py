"""Asking and what was seen: how each read model is asked for, and the customer's page that the last query filled."""

import json
from typing import Any

from lab import truth, xray
from lab.sandbox import Sandbox

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
    "customer_card": {
        "label": "Customer card",
        "key": "Customer",
        "choices": "customers",
        "all": "all customers",
    },
    "product_search": {"label": "Search", "key": "Words", "choices": "", "all": ""},
}
"""How each built-in read model is asked for: the tab, the key's label, and where the key's choices come from."""


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
