"""The page of the reading strategies: what it says is what the line answered."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.web.visits import act

FORM = {"verb": "strategies", "seed": "5", "shoppers": "6", "timeout": "0.5", "late": "stale"}
LINE = "strategies seed=5 shoppers=6 timeout=0.5 late=stale"
FIGURES = ("old_pages", "gave_up", "write_reads", "shown_then_refused")


def soup(response):
    return BeautifulSoup(response.text, "html.parser")


def shown(client):
    """What the page shows of each way: its figures, and the text of its strip."""
    ways = {}
    for way in soup(client.get("/strategies")).select("li[data-way]"):
        figures = {name: way.select_one(f"[data-figure={name}] b").text for name in FIGURES}
        strip = way.select_one("svg[role=img]")
        ways[way["data-way"]] = (figures, strip and strip["aria-label"])
    return ways


def test_before_the_first_run_it_shows_the_ways_and_no_figure(client):
    ways = shown(client)
    assert len(ways) == 8
    assert {figure for figures, _ in ways.values() for figure in figures.values()} == {"\N{EN DASH}"}
    assert "Bet first" in client.get("/strategies").text


def test_the_form_writes_the_line_and_comes_back_to_the_page_which_shows_it(client):
    answer = client.post("/strategies", data=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/strategies")
    page = soup(client.get("/strategies"))
    assert page.select_one("#script code").text == LINE
    fields = {field["name"]: field.get("value") for field in page.select("#script input")}
    assert fields == {"verb": "strategies", "seed": "5", "shoppers": "6", "timeout": "0.5"}
    assert page.select_one("#script option[selected]")["value"] == "stale"


def test_the_page_says_what_the_line_answered(client):
    rows = act(client, LINE)["result"]
    ways = shown(client)
    assert list(ways) == [row["strategy"] for row in rows]
    for row in rows:
        figures, text = ways[row["strategy"]]
        assert figures == {name: str(row[name]) for name in FIGURES}
        assert sum(map(int, re.findall(r"(\d+) (?:saw|was|waited)", text))) == 6


def test_what_is_injected_and_what_is_simulated_is_marked(client):
    page = soup(client.get("/strategies"))
    assert page.select_one(".lede .injected").text == "injected"
    marked = [way["data-way"] for way in page.select("li[data-way]") if way.select_one(".simulated")]
    assert marked == ["a_receipt_that_lies", "ask_for_my_event"]


def test_an_undo_of_a_later_line_leaves_the_result_on_the_page(client):
    act(client, LINE)
    before = shown(client)
    act(client, "cmd restock product=lamp qty=1")
    act(client, "undo")
    assert shown(client) == before


@pytest.mark.parametrize(
    ("field", "value", "reason"), [("shoppers", "999", "shoppers"), ("late", "soon", "late="), ("seed", "<b>", "seed")]
)
def test_a_bad_form_comes_back_with_the_reason_and_what_was_typed(client, field, value, reason):
    answer = client.post("/strategies", data={**FORM, field: value})
    assert answer.status_code == 422
    page = soup(answer)
    assert reason in page.select_one("[role=alert]").text
    assert page.select_one("#script input[name=timeout]")["value"] == "0.5"


def test_the_code_of_each_way_is_the_code_that_runs(client):
    page = soup(client.get("/strategies"))
    for way in page.select("li[data-way]"):
        name = {"a_receipt_that_lies": "wait_for_my_receipt"}.get(way["data-way"], way["data-way"])
        assert f"def {name}(visit" in way.select_one("pre").text
