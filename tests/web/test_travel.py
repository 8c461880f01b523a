"""The page with a slider over the log, as a browser asks for it."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.web.visits import BUY, act, sandbox_ids
from web import travel

HTMX = {"HX-Request": "true"}


def soup(response):
    return BeautifulSoup(response.text, "html.parser")


def told(response, selector):
    return " ".join(soup(response).select_one(selector).get_text(" ").split())


def copies(tmp_path):
    return list(tmp_path.glob("sandboxes/*/*/travel/*"))


@pytest.fixture
def shopper(learner):
    """Somebody with nine events: two orders, a new price, a cancellation."""
    for line in (
        f"{BUY} order=o1",
        "cmd change_price product=lamp price=2750",
        "cmd cancel_order order=o1",
        BUY,
        "run",
    ):
        act(learner, line)
    return learner


def test_without_an_address_of_its_own_it_shows_the_newest_event_and_what_that_did(shopper):
    page = shopper.get("/travel")
    assert told(page, ".stand") == "both stores as of #9 OrderPlaced o-2"
    assert "1 new" in told(page, ".write .differing")
    assert "lamp changed 5 → 3" in told(page, "#then-stock")


def test_each_side_is_as_it_was_and_says_what_differs(shopper):
    for query, table, expected in (
        ("at=6", "stock", "lamp changed 5 → 3"),
        ("at=7", "product_card", "lamp changed Lamp 2500 → 2750 3 #7"),
        ("at=8", "order_list", "o1 changed"),
        ("at=8", "order_list", "cancelled placed"),
        ("at=8", "stock", "lamp changed 3 → 5"),
        ("at=9&since=5", "orders", "o1 new"),
        ("at=5&since=9", "orders", "o1 gone"),
        ("at=1", "customers", "c1 new"),
        ("at=7&since=7", "stock", "lamp 3 mug 20 rug 1"),
    ):
        assert expected in told(shopper.get(f"/travel?{query}"), f"#then-{table}"), query


def test_in_a_long_table_what_differs_comes_first(shopper):
    for number in range(5):
        act(shopper, f"cmd add_product product=p{number} name=P{number} price=100 stock=1")
    act(shopper, "cmd change_price product=lamp price=2600")
    page = shopper.get("/travel")
    assert "lamp changed Lamp 2750 → 2600" in told(page, "#then-products")
    assert "p4 P4 100" in told(page, "#then-products")
    assert "and 1 more that differ" in told(shopper.get("/travel?since=9"), "#then-stock")


def test_moving_leaves_no_line_and_the_line_that_says_the_same_is_shown(shopper):
    before = shopper.get("/state").get_json()
    transcript = shopper.get("/transcript").data
    for query in ("at=3", "at=7&since=2", "at=8&play=1"):
        shopper.get(f"/travel?{query}")
    assert shopper.get("/transcript").data == transcript
    assert shopper.get("/state").get_json()["rows"] == before["rows"]
    line = told(shopper.get("/travel?at=7&since=2"), ".wrote code")
    assert line == "travel 7 since=2"
    assert (act(shopper, line)["result"]["position"], act(shopper, line)["result"]["since"]) == (7, 2)


def test_a_link_can_be_shared_whatever_else_is_in_it(shopper):
    moved = shopper.get("/travel?of=9&at=4&since=2", headers=HTMX)
    assert moved.headers["HX-Replace-Url"] == "/travel?at=4&since=2"
    assert shopper.get("/travel?of=9&at=4&since=", headers=HTMX).headers["HX-Replace-Url"] == "/travel?at=4"


def test_a_place_beyond_the_log_is_its_end_and_says_so(shopper):
    page = shopper.get("/travel?at=999999999&of=999999999&since=999999999")
    assert "There is no event #999,999,999 yet" in told(page, "#travel-wait")
    assert told(page, ".stand").startswith("both stores as of #9")
    assert told(shopper.get("/travel?at=0"), ".stand").startswith("both stores as of #1")


def test_what_is_no_position_is_not_found(client):
    for query in ("at=x", "at=-1", "at=1e3", "since=٣", "of=1.5", "at=1234567890"):
        assert client.get(f"/travel?{query}").status_code == 404, query


def test_the_scale_stays_while_the_log_goes_on_and_the_page_says_that_it_did(shopper):
    act(shopper, "cmd restock product=mug qty=1")
    page = shopper.get("/travel?at=9&of=9")
    assert soup(page).select_one("#travel-at")["max"] == "9"
    assert "The log has gone on to #10" in told(page, "#travel-head")
    assert "gone on to #10" in shopper.get("/travel/head?of=9").text
    assert "gone on" not in shopper.get("/travel/head?of=10").text
    act(shopper, "undo")
    assert soup(shopper.get("/travel?at=10&of=10")).select_one("#travel-at")["max"] == "9"


def test_a_long_way_shows_how_far_it_is_and_goes_on_by_itself(shopper, monkeypatch):
    act(shopper, "bulk 300")
    monkeypatch.setattr(travel, "SLICE", 250)
    waiting = shopper.get("/travel?at=310", headers=HTMX)
    assert waiting.headers["HX-Retarget"] == "#travel-wait"
    assert "Preparing: 250 of 310 events" in told(waiting, "#travel-wait")
    there = shopper.get(soup(waiting).select_one("#travel-wait")["hx-get"], headers=HTMX)
    assert told(there, ".stand").startswith("both stores as of #310")


def test_without_javascript_the_page_goes_on_by_itself_too(shopper, monkeypatch):
    act(shopper, "bulk 300")
    monkeypatch.setattr(travel, "SLICE", 250)
    waiting = shopper.get("/travel?at=310")
    then = re.search(r"url=(.*)", soup(waiting).select_one("noscript meta")["content"])[1]
    assert told(shopper.get(then), ".stand").startswith("both stores as of #310")
    playing = shopper.get("/travel?at=3&play=1")
    assert "at=4&play=1" in soup(playing).select_one("noscript meta")["content"]
    assert soup(shopper.get("/travel?at=310&play=1")).select_one("noscript") is None


def test_leaving_drops_the_copies_and_is_no_line(shopper, tmp_path):
    shopper.get("/travel?at=7")
    assert copies(tmp_path)
    transcript = shopper.get("/transcript").data
    assert shopper.post("/travel/leave").status_code == 204
    assert not copies(tmp_path)
    shopper.get("/travel?at=7")
    back = shopper.post("/travel/leave", data={"back": "1"})
    assert (back.status_code, back.headers["Location"]) == (303, "/")
    assert not copies(tmp_path)
    assert shopper.get("/transcript").data == transcript


def test_who_has_no_sandbox_can_look_back_too_and_leaves_without_making_one(client, parts):
    assert told(client.get("/travel"), ".stand") == "both stores as of #5 ProductAdded rug"
    assert client.post("/travel/leave").status_code == 204
    assert not sandbox_ids(parts)


def test_in_a_lesson_every_way_stays_in_the_lesson(client):
    page = client.get("/travel?lesson=L00&at=3")
    addresses = [link["href"] for link in soup(page).select("#travel a[href^='/travel']")]
    assert addresses
    assert all("lesson=L00" in address for address in addresses)
    assert client.post("/travel/leave?lesson=L00", data={"back": "1"}).headers["Location"] == "/lessons/L00"


def test_a_read_model_that_stopped_says_where(shopper):
    act(shopper, "poison")
    act(shopper, "cmd restock product=mug qty=1")
    assert "stopped: event 10 OrderPlaced" in told(shopper.get("/travel?at=11"), "#then-sales")
    assert "stopped" not in told(shopper.get("/travel?at=9"), "#then-sales")


def test_where_no_copy_can_be_made_the_page_says_why_and_stays(shopper, tmp_path):
    [stores] = tmp_path.glob("sandboxes/*/[0-9]*")
    (stores / "travel").write_text("in the way")
    for headers in (None, HTMX):
        response = shopper.get("/travel?at=7", headers=headers)
        assert response.status_code == 503
        assert "no copy of the stores can be made now" in told(response, "#travel-wait")


def test_on_a_full_disk_nothing_is_copied(shopper, parts, monkeypatch):
    monkeypatch.setattr(parts.shelf, "_free_bytes", lambda home: 0)
    response = shopper.get("/travel?at=7")
    assert response.status_code == 503
    assert "The disk is nearly full" in told(response, "#travel-wait")


def test_the_sheet_of_an_event_leads_there(shopper):
    [there] = soup(shopper.get("/event/6", headers=HTMX)).select("a[href^='/travel']")
    assert told(shopper.get(there["href"]), ".stand") == "both stores as of #6 OrderPlaced o1"
