"""The page as it moves by itself: in two tabs, in a third, over a restart, and without disturbing who types."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import act, composer, count_updates, enter, expect_gap, expect_updates, place_order
from tests.serving import free_port, running

pytestmark = pytest.mark.browser

HTMX_HAD_ITS_TURN = """new Promise((done) => {
    const look = () => setTimeout(window.htmx ? done : look);
    look();
})"""


def test_what_is_done_in_one_tab_is_seen_in_the_other(page):
    other = page.context.new_page()
    other.goto("/")
    place_order(page)
    expect(other.locator("#w-orders-o-1")).to_have_count(1)
    expect(other.locator("#r-product_card-lamp .c-in_stock")).to_have_text("3")
    place_order(other, product="Mug")
    expect(page.locator("#event-7")).to_have_count(1)
    expect(page.locator("#r-product_card-mug .c-in_stock")).to_have_text("18")


def test_a_third_tab_asks_for_news_instead_of_streaming_and_still_sees_them(visitor):
    context = visitor()
    act(context, "set delay=0")
    tabs = [context.new_page() for _ in range(3)]
    for tab, way in zip(tabs, ("/live", "/live", "/panels"), strict=True):
        with tab.expect_response(lambda response, way=way: way in response.url):
            enter(context, page=tab)
    for number, tab in enumerate(tabs, start=6):
        place_order(tab, qty=1)
        for other in tabs:
            expect_gap(other, behind=0, head=number)


def test_the_first_order_of_a_newcomer_starts_the_stream_in_a_page_that_had_none(page):
    expect(page.locator("#live")).to_have_attribute("hx-get", re.compile("panels"))
    place_order(page)
    expect(page.locator("#live")).to_have_attribute("hx-sse:connect", re.compile("live"))
    expect_gap(page, behind=0, head=6)


def test_a_script_that_comes_late_still_connects_the_page(visitor):
    context, held = visitor(), []
    page = enter(context, "set delay=0", path="/words")
    page.route("**/hx-sse*", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    page.evaluate(HTMX_HAD_ITS_TURN)
    held[0].continue_()
    act(context, "cmd place_order customer=c1 product=lamp qty=2")
    expect_gap(page, behind=0, head=6)


def test_a_page_outlives_the_server_and_goes_on_with_the_next_one(visitor, complaints, tmp_path):
    complaints.provoke("ERR_")
    complaints.provoke("Failed to fetch")
    port = free_port()
    with running(tmp_path, port) as (_, address):
        page = enter(visitor(address), "cmd place_order customer=c1 product=lamp qty=2")
        expect_gap(page, behind=0, head=6)
        composer(page, "Place order").get_by_role("spinbutton", name="Qty").first.fill("1")
    with running(tmp_path, port):
        # A second visitor of the same sandbox acts, so that the page can only know by having come back.
        page.context.request.post("/actions", form={"line": "cmd restock product=mug qty=5"})
        expect(page.locator("#r-product_card-mug .c-in_stock")).to_have_text("25")
        composer(page, "Place order").get_by_role("button", name="Place order").click()
        expect_gap(page, behind=0, head=8)
        expect(page.locator("#w-stock-lamp")).to_contain_text("2")


def test_nothing_that_somebody_types_opens_or_scrolls_to_is_lost_when_news_come(visitor):
    page = enter(visitor(), "bulk 40", "set delay=0.1")
    tables = page.get_by_role("region", name="Tables of the write store")
    tables.evaluate("(region) => { region.scrollTop = 120 }")
    extras = composer(page, "Place order").locator("details").nth(1)
    extras.locator("summary").click()
    menu = page.locator("#model-product_card details.menu")
    face = page.get_by_role("group", name="Face of the chart").get_by_role("radio", name="Trace")
    face.check()
    menu.locator("summary").click()
    field = page.get_by_role("textbox", name="Action line")
    field.press_sequentially("cmd restock pro")
    count_updates(page)
    act(page.context, "traffic 10")
    expect_updates(page, 5)
    field.press_sequentially("duct=mug qty=3")
    expect_updates(page, 10)
    expect(field).to_have_value("cmd restock product=mug qty=3")
    expect(field).to_be_focused()
    expect(extras).to_have_attribute("open", "")
    expect(menu).to_have_attribute("open", "")
    expect(face).to_be_checked()
    assert tables.evaluate("(region) => region.scrollTop") == 120
