"""The sandbox's buttons say what they do, and an answer says whose it is."""

import pytest
from bs4 import BeautifulSoup

from lab import taken_back
from tests.web.visits import BUY, act, sandbox_ids

HTMX = {"HX-Request": "true"}


def page(client, path="/"):
    return BeautifulSoup(client.get(path).text, "html.parser")


def pressed(client):
    buttons = page(client).select("#projector [aria-pressed]")
    return {button["value"]: button["aria-pressed"] for button in buttons}


def test_an_answer_names_the_form_that_it_answers(learner):
    fields = {"slot": "write", "verb": "place_order", "customer": "c1", "product": "lamp", "qty": "0"}
    answered = BeautifulSoup(learner.post("/actions", data=fields, headers=HTMX).text, "html.parser")
    assert answered.select_one("#answer-write")["data-of"] == "place_order"
    assert [tab["value"] for tab in page(learner).select("#composer [data-tab][checked]")] == ["place_order"]


def test_a_long_line_is_there_whole_where_one_points_at_it(learner):
    line = f"cmd rename_product product=lamp name={'y' * 190}"
    answer = learner.post("/actions", data={"line": line, "slot": "write"}, headers=HTMX).text
    answered = BeautifulSoup(answer, "html.parser")
    code = answered.select_one(".wrote code")
    assert code["title"] == code.get_text()
    assert "y" * 190 in code["title"]


def test_undo_says_beforehand_what_it_takes_back_and_afterwards_that_no_event_was_deleted(learner):
    for line in (BUY, "mode product_card poison=park", 'sql read "SELECT 1"'):
        act(learner, line)
    said = page(learner).select_one("#undo button")["title"]
    assert "mode product_card poison=park" in said
    answered = learner.post("/actions", data={"line": "undo"}, headers=HTMX).text
    assert "taken back: mode product_card poison=park" in answered
    assert "never changed and never deleted" in answered
    assert "cmd place_order" in page(learner).select_one("#undo button")["title"]


@pytest.mark.parametrize("looked", ['sql read "SELECT 1"', "query sales"])
def test_undo_takes_back_the_very_line_that_it_says(learner, parts, looked):
    for line in (BUY, looked):
        act(learner, line)
    [mine] = sandbox_ids(parts)
    with parts.shelf.open(mine) as sandbox:
        said = taken_back.next_line(sandbox.lab)
    assert act(learner, "undo")["reason"].startswith(f"taken back: {said}")


def test_who_has_done_nothing_is_told_that_there_is_nothing_to_undo(client):
    client.get("/lessons/L00")
    assert "not done anything yet" in page(client).select_one("#undo button")["title"]


def test_of_run_and_sleep_the_one_that_holds_is_marked(client):
    act(client, "resume")
    assert pressed(client) == {"resume": "true", "pause": "false"}
    act(client, "pause sales")
    assert pressed(client) == {"resume": "false", "pause": "false"}
    act(client, "pause")
    assert pressed(client) == {"resume": "false", "pause": "true"}


def test_what_asks_first_can_be_left(learner):
    [leave] = page(learner).select("#reset [popovertargetaction=hide]")
    assert leave["popovertarget"] == "reset"


def test_where_a_link_stands_it_can_be_copied_and_where_none_stands_there_is_no_button(client):
    assert not page(client, "/share").select("[data-copy]")
    act(client, BUY)
    shared = page(client, "/share")
    assert shared.select_one(shared.select_one("[data-copy]")["data-copy"])["value"].startswith("http")


def test_the_keys_are_told_on_their_key_and_on_the_page_of_the_words(learner):
    opener = page(learner).select_one('[data-key="?"]')
    path, _, place = opener["href"].partition("#")
    words = page(learner, path)
    assert "Ctrl Enter" in words.select_one(f"#{place}").get_text()
    assert words.select_one(opener["hx-select"]) in words.select_one(f"#{place}").select("section")
