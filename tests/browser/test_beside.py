"""Blue/green while shopping: a read model is built again beside, switched and switched back, and no reader notices."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import act, enter, place_order

pytestmark = pytest.mark.browser


def test_blue_green_while_shopping(visitor):
    page = enter(visitor(), "set delay=0", "bulk 80", "query product_card mug")
    model = page.locator("#model-product_card")
    model.get_by_label("Projection product_card").click()
    act(page.context, "traffic 3")
    model.get_by_role("button", name="Rebuild beside").click()
    strip = page.get_by_role("region", name="product_card")
    expect(strip).to_contain_text(re.compile(r"new \(green\): [\d,]+ of [\d,]+ events"))
    place_order(page, "Mug", 1)
    expect(strip).to_contain_text("follows the log")
    act(page.context, "traffic off")
    head = page.context.request.get("/state").json()["head"]
    expect(strip).to_contain_text(f"new (green): {head} of {head} events")
    strip.get_by_role("button", name="Switch", exact=True).press("Enter")
    expect(strip).to_contain_text(re.compile(r"Readers read the new one, at #\d+\. The old one is kept"))
    strip.get_by_role("button", name="Switch back").press("Enter")
    expect(strip).to_contain_text("old (blue): read by all readers")
    strip.get_by_role("button", name="Cancel").press("Enter")
    expect(strip).to_have_count(0)
    assert page.context.request.get("/state").json()["beside"] == {}
    read, true = (act(page.context, f"query product_card mug via={via}")["result"] for via in ("wait", "write"))
    assert read[0]["in_stock"] == true[0]["in_stock"]
