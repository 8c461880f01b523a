"""Addresses in templates: a draw asks for the same hundred of them every time, so they are remembered."""

from functools import lru_cache

import flask

REMEMBERED = 4_096


def url_for(endpoint: str, **values: object) -> str:
    """Return what Flask's own ``url_for`` does."""
    return _address(flask.request.root_url, endpoint, **values)


@lru_cache(REMEMBERED, typed=True)
def _address(root: str, endpoint: str, /, **values: object) -> str:
    return flask.url_for(endpoint, **values)  # type: ignore[arg-type]
