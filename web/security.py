"""What every request must fulfil, and what every response carries."""

from flask import Flask, Response, abort, request, session

from lab import limits

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
WHILE_TYPING = "models.act"
"""A text goes there while somebody types it. What is kept of a trial is put into the cookie all the same."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def protect(app: Flask) -> None:
    """Guard every route of an application, those added later too."""
    app.config.update(
        MAX_CONTENT_LENGTH=limits.MAX_BODY_BYTES,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=limits.DELETE_AFTER_SECONDS,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    # An address with a slash too many would be led to the right one, by the name of a host that the request made up.
    app.url_map.merge_slashes = False
    app.before_request(refuse_large)
    app.before_request(refuse_foreign)
    app.before_request(keep_cookie_fresh)
    app.after_request(add_headers)


def refuse_large() -> None:
    """Refuse a body over the limit before anybody reads it."""
    if (request.content_length or 0) > (request.max_content_length or 0):
        abort(413)


def refuse_foreign() -> None:
    """Refuse a request that could change something and comes from another site's page.

    Browsers send Sec-Fetch-Site, except to a plain-HTTP address of the local network, and then Origin.
    A request with neither comes from no page: a script.
    """
    if request.method in SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = site in ("same-origin", "none") if site is not None else origin in (None, request.host_url.rstrip("/"))
    if not own:
        abort(403)


def keep_cookie_fresh() -> None:
    """Let the cookie's time begin anew with what a visitor does, but not with what a page asks for by itself.

    Such an answer may come late, and would put the cookie of before in the place of a newer one, which names the
    sandbox that was begun meanwhile.
    """
    by_itself = request.method in SAFE_METHODS or request.endpoint == WHILE_TYPING
    news = by_itself and "HX-Request" in request.headers
    if not news and request.endpoint != "static" and session.permanent:
        session.modified = True


def add_headers(response: Response) -> Response:
    """Add the security headers; pages are not kept by the browser, so that none shows an old state."""
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
