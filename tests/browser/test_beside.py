"""Blue/green while shopping: a read model is built again beside, switched and switched back, and no reader notices."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import act, do, enter, place_order, read_page

pytestmark = pytest.mark.browser


def menu(page, model, item):
    block = page.locator(f"#model-{model}")
    block.get_by_label(f"Projection {model}").click()
    block.get_by_role("button", name=item).click()


def test_blue_green_while_shopping(visitor):
    page = enter(visitor(), "set delay=0", "bulk 150", "query product_card mug")
    do(page, "traffic 5")
    menu(page, "product_card", "Rebuild beside")
    strip = page.get_by_role("region", name="product_card")
    switch = strip.get_by_role("button", name="Switch", exact=True)
    expect(strip).to_contain_text(re.compile(r"green [\d,]+ of [\d,]+ events"))
    read_page(page, "Mug")
    expect(page.locator("#page-seen .card")).to_contain_text("in stock")
    place_order(page, "Mug", 1)
    expect(strip).to_contain_text("follows the log")
    expect(switch).to_be_enabled()
    do(page, "traffic off")
    switch.press("Enter")
    expect(strip).to_contain_text(re.compile(r"Readers read the new one, at #\d+\. The old one is kept"))
    read_page(page, "Mug")
    expect(page.locator("#page-seen .card")).to_contain_text("in stock")
    strip.get_by_role("button", name="Switch back").press("Enter")
    expect(strip).to_contain_text("readers read blue")
    strip.get_by_role("button", name="Cancel").press("Enter")
    expect(strip).to_have_count(0)
    state = page.context.request.get("/state").json()
    assert state["beside"] == {}
    answers = [act(page.context, f"query product_card mug{via}")["result"] for via in ("", " via=write")]
    assert answers[0][0]["in_stock"] == answers[1][0]["in_stock"]


def test_in_place_the_reader_sees_it_empty_and_is_told(visitor):
    page = enter(visitor(), "pause order_list", "model rebuild order_list")
    expect(page.locator("#model-order_list")).to_contain_text("being rebuilt in place: 0 of 5")
    do(page, "query order_list")
    expect(page.locator("#page-seen")).to_contain_text("Nothing there, yet.")
    expect(page.locator("#page-seen")).to_contain_text("order_list is being rebuilt: 0 of 5 events")
