"""What the tests of the pages do again and again."""

import hashlib

BUY = "cmd place_order customer=c1 product=lamp qty=2"

NAMES = {
    "lesson_id": "L00",
    "experiment_id": "poison",
    "store": "write",
    "position": "5",
    "model": "product_card",
    "key": "lamp",
    "filename": "lagoon.css",
    "sheets.code_command": "place_order",
    "sheets.code_projection": "product_card",
    "sheets.table": "orders",
    "sheets.break_it": "sales",
    "sheets.broken_now": "sales",
}


def act(client, line, **options):
    """Send an action line as a script does, and return its answer."""
    return client.post("/actions", data={"line": line}, headers={"Accept": "application/json"}, **options).get_json()


def sandbox_ids(parts):
    return list(parts.shelf._unfolded)


def dump(parts, sandbox_id):
    """Return a hash over everything in both stores."""
    with parts.shelf.open(sandbox_id, visit=False) as sandbox, sandbox.lock:
        text = "\n".join([*sandbox.write.connection.iterdump(), *sandbox.read.connection.iterdump()])
    return hashlib.sha256(text.encode()).hexdigest()


def urls(app, method):
    """Return one address of every route that takes a method, from the map itself, so that none is forgotten."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if method in rule.methods:
            known = {name: NAMES.get(name) or NAMES[rule.endpoint] for name in rule.arguments}
            yield adapter.build(rule.endpoint, known, method=method)
