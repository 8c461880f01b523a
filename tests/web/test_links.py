"""Addresses in templates are those of Flask, remembered: for each host, and for values that only look the same."""

import flask
import pytest

from web import links

ASKED = (
    ("page.sandbox", {}),
    ("page.sandbox", {"lesson": "L01"}),
    ("page.sandbox", {"lesson": None}),
    ("static", {"filename": "lagoon.css"}),
    ("lessons.show", {"lesson_id": "L01", "step": 1}),
    ("lessons.show", {"lesson_id": "L01", "step": True}),
    ("lessons.show", {"lesson_id": "L01", "step": 1, "_external": True}),
)


@pytest.mark.parametrize("root", ["http://lagoon.example/", "https://other.example/class/"])
def test_an_address_is_the_one_that_flask_gives(app, root):
    with app.test_request_context("/", base_url=root):
        for _ in range(2):
            assert [links.url_for(name, **values) for name, values in ASKED] == [
                flask.url_for(name, **values) for name, values in ASKED
            ]
