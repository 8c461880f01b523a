"""Time travel with a slider, the keyboard and a clock that plays."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import act, enter

pytestmark = pytest.mark.browser

LINES = (
    "set delay=0",
    "cmd place_order customer=c1 product=lamp qty=2 order=o1",
    "cmd change_price product=lamp price=2750",
    "cmd cancel_order order=o1",
)


@pytest.fixture
def past(visitor):
    """The page of time travel, at the newest of eight events."""
    return enter(visitor(), *LINES, path="/travel")


def expect_at(page, position, text=""):
    expect(page.locator("#travel .stand")).to_contain_text(f"as of #{position} {text}")
    expect(page.locator("#travel-at")).to_have_value(str(position))


def heights(page):
    return page.locator("#travel :is(.table, .helm, .tape, .differing)").evaluate_all(
        "all => all.map(one => [one.offsetTop, one.offsetHeight])"
    )


def test_the_slider_moves_through_the_log_and_nothing_jumps(past):
    expect_at(past, 8, "OrderCancelled o1")
    before = heights(past)
    for position in (7, 3, 6):
        past.locator("#travel-at").fill(str(position))
        expect_at(past, position)
        assert heights(past) == before
    expect(past.locator("#then-stock").get_by_role("row", name="lamp changed 5 → 3")).to_be_visible()
    expect(past.locator("#then-order_list").get_by_role("row", name="o1 new Ada")).to_be_visible()
    expect(past).to_have_url("/travel?at=6")
    past.reload()
    expect_at(past, 6, "OrderPlaced o1")


def test_one_steps_by_keyboard_and_by_button_and_compares_with_any_event(past):
    past.locator("#travel-at").focus()
    past.keyboard.press("ArrowLeft")
    expect_at(past, 7, "PriceChanged lamp")
    past.get_by_role("link", name="One event on").click()
    expect_at(past, 8)
    past.get_by_role("link", name="To the first event").click()
    expect_at(past, 1, "CustomerRegistered c1")
    past.get_by_role("link", name="To the last event").click()
    expect_at(past, 8)
    past.get_by_role("spinbutton", name="Compared with event").fill("5")
    past.keyboard.press("Enter")
    expect(past.locator("#then-product_card")).to_contain_text("2500 → 2750")
    expect(past.locator("#travel .wrote")).to_contain_text("travel 8 since=5")
    expect(past).to_have_url("/travel?at=8&since=5")


def test_it_plays_to_the_end_and_can_be_paused(past):
    held = []
    to_the_third = re.compile(r"/travel\?at=3\b")
    past.route(to_the_third, lambda route: held.append(route))
    with past.expect_request(to_the_third):
        past.get_by_role("link", name="Play").click()
    expect_at(past, 2)
    past.get_by_role("link", name="Pause").click()
    expect(past.get_by_role("link", name="Play")).to_be_visible()
    held.pop().continue_()
    past.locator("#travel-at").fill("6")
    expect_at(past, 6)
    past.get_by_role("link", name="Play").click()
    expect_at(past, 8)
    expect(past.get_by_role("link", name="Play")).to_be_visible()


def test_the_log_that_goes_on_meanwhile_is_told_and_leads_on(past):
    act(past.context, "cmd restock product=mug qty=1")
    expect(past.locator("#travel-head")).to_contain_text("The log has gone on to #9")
    expect_at(past, 8)
    past.get_by_role("link", name="Go there").click()
    expect_at(past, 9, "StockAdded mug")


def test_without_javascript_links_and_a_form_do_it(visitor):
    page = enter(visitor(java_script_enabled=False), *LINES, path="/travel?at=8")
    page.get_by_role("link", name="One event back").click()
    expect_at(page, 7)
    page.locator("#travel-at").fill("6")
    page.get_by_role("button", name="Go", exact=True).click()
    expect_at(page, 6, "OrderPlaced o1")
    page.get_by_role("button", name="Back to the sandbox").click()
    expect(page).to_have_url("/")
