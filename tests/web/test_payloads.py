"""What people type stays text, on every page and in every fragment. ``make soak`` puts each text into each field."""

from itertools import cycle

import pytest

from tests.web.payloads import (
    HTMX,
    PAYLOADS,
    Field,
    Shape,
    born_of_answers,
    born_on_pages,
    fields,
    harmless,
    sandbox,
)


def test_forty_texts_in_every_place_bear_nothing_on_any_page():
    assert len(set(PAYLOADS)) == 40
    assert born_on_pages(PAYLOADS, {"page": {}}) == []


def test_they_bear_nothing_in_the_answer_to_any_form():
    with sandbox(tuple(map(harmless, PAYLOADS[:2]))) as client:
        known = fields(client)
        paths = {field.address for field in known}
        assert {"/actions", "/open", "/sql/read", "/race", "/strategies", "/progress", "/lessons/L00/bet"} <= paths
        assert {"line", "name", "email", "key", "position", "sql", "file", "choice"} <= {field.name for field in known}
        assert born_of_answers(client, zip(known, cycle(PAYLOADS), strict=False), {"fragment": HTMX}) == []


@pytest.mark.parametrize("payload", PAYLOADS[:13])
def test_the_search_would_find_what_is_born_of_a_text_that_is_not_escaped(payload):
    place = '<input value="{}">' if payload.startswith('"') else "<input value='{}'>" if payload[0] == "'" else "{}"
    place = "<b title={}>" if payload.startswith((" ", "`")) else place
    assert Shape(place.format(payload)).born
    assert Shape(place.format("x")).born == Shape(place.format(harmless(payload).replace(" ", ""))).born == []


def test_the_search_would_find_an_address_that_runs():
    for value in ("javascript:x", " JaVaScRiPt:x", "//evil.example", "data:text/html,x"):
        assert Shape(f'<a href="{value}">x</a>').born
    assert Shape("<form action='/x' method=post><input name=a value=1></form>").forms == [
        ({"action": "/x", "method": "post"}, [("a", "1")])
    ]
    assert Field("/x", (("b", "2"),), "a").form("v") == {"b": "2", "a": "v"}
