"""The six strategies, as somebody with a browser runs them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import act, enter

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without"])
def test_the_six_strategies_are_run_and_the_page_says_what_the_line_answers(visitor, scripted):
    context = visitor(java_script_enabled=scripted)
    page = enter(context, path="/strategies")
    expect(page.get_by_text("Bet first")).to_be_visible()
    tops = [row.bounding_box()["y"] for row in page.locator("li[data-way]").all()]
    page.get_by_role("spinbutton", name="Shoppers").fill("12")
    page.get_by_role("combobox", name="When it runs out").select_option("show the old page")
    page.get_by_role("button", name="Run the script").click()
    expect(page.locator("#script code")).to_have_text("strategies seed=7 shoppers=12 timeout=2 late=stale")

    rows = act(context, "strategies seed=7 shoppers=12 timeout=2 late=stale")["result"]
    assert [row["simulated"] for row in rows] == [False] * 6 + [True] * 2
    for row in rows:
        way = page.locator(f"li[data-way={row['strategy']}]")
        expect(way.get_by_role("img")).to_have_attribute("aria-label", re.compile("^Of 12 shoppers: "))
        for figure in ("old_pages", "gave_up", "write_reads", "shown_then_refused"):
            expect(way.locator(f"[data-figure={figure}] b")).to_have_text(str(row[figure]))
    ran = [row.bounding_box()["y"] for row in page.locator("li[data-way]").all()]
    assert ran[:6] == tops[:6], "no row may jump"

    receipt = page.locator("li[data-way=wait_for_my_receipt]")
    receipt.locator("summary").click()
    expect(receipt.get_by_text("def wait_for_my_receipt")).to_be_visible()
    page.reload()
    expect(page.locator("svg[role=img]")).to_have_count(8)
