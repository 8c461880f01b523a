"""Action lines over HTTP: as a script sends them, as a form with htmx does, as a form without JavaScript does."""

import pytest
from bs4 import BeautifulSoup

from lab import limits
from tests.web.visits import BUY, act, sandbox_ids

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}


def text_of(response, selector):
    return BeautifulSoup(response.text, "html.parser").select_one(selector).get_text(" ", strip=True)


def test_a_script_gets_the_line_its_outcome_and_its_receipt(client):
    response = client.post("/actions", data={"line": BUY}, headers=JSON)
    answer = response.get_json()
    assert response.status_code == 200
    assert answer["line"] == f"{BUY} order=o-1 id=cmd-1"
    assert (answer["outcome"], answer["reason"], answer["position"]) == ("accepted", None, 6)


def test_a_query_answers_with_what_was_read_and_as_of_when(learner):
    act(learner, BUY)
    answer = act(learner, "query product_card lamp")
    assert answer["outcome"] == "done"
    assert answer["result"][0]["in_stock"] == 5
    assert (answer["as_of"], answer["head"], answer["via"], answer["waited"]) == (5, 6, "read", 0)


def test_the_state_has_heads_lags_and_rows(learner):
    act(learner, BUY)
    state = learner.get("/state").get_json()
    assert state["head"] == 6
    assert state["clock"] == "real"
    sales = state["projections"]["sales"]
    assert (sales["position"], sales["behind"], sales["status"]) == (5, 1, "paused")
    assert sales["age"] >= 0
    assert state["rows"]["write"]["orders"] == 1
    assert state["rows"]["read"]["order_list"] == 0


def test_a_script_opens_a_sandbox_as_free_play_starts(client, parts):
    state = client.get("/state").get_json()
    assert state["head"] == 5
    assert {at["position"] for at in state["projections"].values()} == {5}
    assert {at["status"] for at in state["projections"].values()} == {"running"}
    assert len(state["projections"]) == 5
    assert not sandbox_ids(parts)


@pytest.mark.parametrize(
    ("line", "status", "outcome", "words"),
    [
        (BUY, 200, "accepted", ""),
        ("query sales", 200, "done", ""),
        ("cmd place_order customer=c1 product=rug qty=2", 422, "refused", "out of stock"),
        ("cmd change_price product=lamp price=2600 expect=7", 409, "refused", "conflict"),
        ("cmd place_order customer=c1 product=lamp qty=two", 422, "failed", "whole number"),
        ("buy a lamp", 422, "failed", "no action"),
        ("", 422, "failed", "empty line"),
        ("step nowhere", 422, "failed", "no read model"),
        ("cmd restock product=lamp qty=" + "9" * 40, 422, "failed", "must lie between"),
        ("cmd restock product=lamp qty=١٢", 422, "failed", "whole number"),
        ("cmd restock product=lamp qty=1_000", 422, "failed", "whole number"),
        ("cmd rename_product product=lamp name=a\x00b", 422, "failed", "cannot be shown"),
        ("cmd rename_product product=lamp name=a\u202eb", 422, "failed", "cannot be shown"),
        ("x" * (limits.MAX_LINE_CHARS + 1), 422, "failed", "at most 2,000"),
        ("cmd rename_product product=lamp name=" + "x" * 201, 422, "failed", "200"),
    ],
)
def test_each_outcome_has_its_status_and_each_fault_its_word(learner, line, status, outcome, words):
    response = learner.post("/actions", data={"line": line}, headers=JSON)
    answer = response.get_json()
    assert (response.status_code, answer["outcome"]) == (status, outcome)
    assert words in (answer["reason"] or "")


def test_a_command_id_sent_again_gets_its_first_answer(learner):
    first, again = (act(learner, f"{BUY} order=o1 id=k1") for _ in range(2))
    assert (again["outcome"], again["position"]) == (first["outcome"], first["position"])
    assert learner.get("/state").get_json()["head"] == 6


def test_a_form_without_javascript_leads_back_to_the_page_that_shows_the_answer(client):
    form = {"verb": "place_order", "customer": "c1", "product": "lamp", "qty": "2", "slot": "write"}
    response = client.post("/actions", data=form)
    assert (response.status_code, response.location) == (303, "/")
    page = client.get("/")
    assert "accepted" in text_of(page, "#answer-write").lower()
    assert "6 OrderPlaced o-1" in text_of(page, "#event-log")


def test_a_refused_form_without_javascript_is_the_whole_page(client):
    form = {"verb": "place_order", "customer": "c1", "product": "rug", "qty": "9", "slot": "write"}
    response = client.post("/actions", data=form)
    assert response.status_code == 422
    assert "out of stock" in text_of(response, "#answer-write")
    assert text_of(response, "#write-tables")


def test_a_form_with_htmx_gets_its_answer_alone_and_a_polling_page_is_told_to_ask(learner):
    form = {"verb": "restock", "product": "lamp", "qty": "2", "slot": "write"}
    response = learner.post("/actions", data=form, headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Trigger"] == "lagoon:acted"
    [root] = BeautifulSoup(response.text, "html.parser").find_all(recursive=False)
    assert root["id"] == "answer-write"


def test_the_first_action_of_a_page_connects_its_stream(client):
    response = client.post("/actions", data={"line": BUY}, headers=HTMX)
    assert 'hx-sse:connect="/live' in response.text
    again = client.post("/actions", data={"line": BUY}, headers=HTMX)
    assert "hx-sse:connect" not in again.text


@pytest.mark.parametrize(("content", "kind"), [(b'{"line": "run"}', "application/json"), (b"run", "text/plain")])
def test_what_is_no_form_is_told_so(learner, content, kind):
    response = learner.post("/actions", data=content, content_type=kind, headers=JSON)
    assert response.status_code == 422
    assert response.get_json()["reason"]


def test_a_body_over_the_limit_is_too_large_whatever_the_address(client, parts):
    for url in ("/actions", "/open", "/lessons/L00/bet", "/nowhere"):
        response = client.post(url, data=b"line=" + b"x" * limits.MAX_BODY_BYTES)
        assert response.status_code == 413, url
    assert "64,000" in response.text
    assert not sandbox_ids(parts)


def test_an_error_is_json_for_whoever_asks_for_json(client):
    response = client.get("/nowhere", headers=JSON)
    assert response.status_code == 404
    assert response.get_json()["reason"]


def test_the_wrong_method_is_told_which_one_is_right(client):
    response = client.get("/actions")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_the_very_first_visit_is_the_first_sixty_seconds_and_the_second_is_not(client):
    first = client.get("/")
    assert (first.status_code, first.location) == (303, "/lessons/L00")
    assert client.get(first.location).status_code == 200
    assert client.get("/").status_code == 200


def test_an_error_with_htmx_is_added_where_the_answer_would_stand_and_takes_nothing_away(learner, parts):
    parts.shelf._free_bytes = lambda home: 0
    response = learner.post("/actions", data={"line": BUY}, headers=HTMX)
    assert response.status_code == 503
    assert response.headers["HX-Reswap"] == "beforeend"
    assert "<html" not in response.text
