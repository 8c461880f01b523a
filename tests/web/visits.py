"""What the tests of the pages do again and again."""

import hashlib

BUY = "cmd place_order customer=c1 product=lamp qty=2"


GUARDS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def act(client, line, **options):
    """Send an action line as a script does, and return its answer."""
    return client.post("/actions", data={"line": line}, headers={"Accept": "application/json"}, **options).get_json()


def sandbox_ids(parts):
    return list(parts.shelf._unfolded)


def dump(parts, sandbox_id):
    """Return a hash over everything in both stores and in the journal."""
    with parts.shelf.open(sandbox_id, visit=False) as sandbox, sandbox.lock:
        text = "\n".join(
            line for store in (sandbox.write, sandbox.read, sandbox.lab) for line in store.connection.iterdump()
        )
    return hashlib.sha256(text.encode()).hexdigest()


def assert_guarded(response):
    """Assert that a response carries the security headers, that no browser keeps a page, and no script a cookie."""
    assert {name: response.headers.get(name) for name in GUARDS} == GUARDS, response.request.path
    if not response.request.path.startswith("/static/"):
        assert response.headers["Cache-Control"] == "no-store", response.request.path
    for cookie in response.headers.getlist("Set-Cookie"):
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")), response.request.path
