"""Break it, see it, mend it, break it again: with clicks alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import REFUSED, act, do, enter, place_order

pytestmark = pytest.mark.browser


@pytest.fixture
def sales(page):
    """The read model that is broken here."""
    do(page, "set delay=0")
    return page.locator("#model-sales")


def opened(page, model="sales"):
    """Open the sheet to break a read model with."""
    page.get_by_role("link", name=f"Break {model}, and mend it").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("heading", name="Break it, and mend it")).to_be_visible()
    return sheet


HEADS = """() => [...document.querySelectorAll("#read-models .table")].map(
    (table) => table.querySelector("table, .hint").offsetTop - table.offsetTop
)"""
"""How far below its top each read model begins to show rows."""


def pressed(sheet, name):
    return expect(sheet.get_by_role("button", name=name, exact=True)).to_have_attribute


def close(page):
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).not_to_be_visible()


def arm(page, point):
    sheet = opened(page)
    sheet.get_by_role("button", name=point, exact=True).click()
    pressed(sheet, point)("aria-pressed", "true")
    close(page)


def test_crash_after_apply_see_the_double_mend_it_and_crash_again(page, sales):
    sheet = opened(page)
    for name in ("apart", "no memory", "before_checkpoint"):
        sheet.get_by_role("button", name=name, exact=True).click()
        pressed(sheet, name)("aria-pressed", "true")
    close(page)
    expect(sales.locator(".guards .loose")).to_have_text(["two transactions", "no memory"])
    expect(sales).to_contain_text("crash armed")

    place_order(page, product="Mug", qty=2)
    expect(sales.locator(".why")).to_have_text("crashed at before_checkpoint: rows kept, checkpoint lost")
    sales.get_by_role("button", name="Let it go on").click()
    expect(sales.locator(".c-units .drift")).to_have_text(re.compile("^4"))
    expect(sales.locator(".c-units .drift")).to_have_attribute("data-tip", "drift: the write store says 2")
    sales.get_by_role("link", name="Drift in sales: 1 row").click()
    expect(page.locator("#drift tbody tr").first).to_contain_text("event #6 OrderPlaced was applied")

    sheet = page.locator("#sheet")
    for name in ("together", "remember ids"):
        sheet.get_by_role("button", name=name, exact=True).click()
        pressed(sheet, name)("aria-pressed", "true")
    sheet.get_by_role("button", name="Rebuild from #1").click()
    expect(sheet.locator("#drift")).to_contain_text("None: what sales shows is what the write store says")
    close(page)
    expect(sales.locator("td.c-units")).to_have_text("2")

    arm(page, "before_commit")
    place_order(page, product="Mug", qty=1)
    expect(sales.locator(".why")).to_have_text("crashed at before_commit: nothing kept")
    sales.get_by_role("button", name="Let it go on").click()
    expect(sales.locator("td.c-units")).to_have_text("3")
    expect(sales.locator(".drift, .badge")).to_have_count(0)


def test_nothing_moves_on_the_page_when_a_fault_comes(page, sales):
    place_order(page, product="Mug", qty=1)
    expect(sales).to_contain_text("0 behind")
    expect(sales.locator("td.c-units")).to_have_text("1")
    before = page.evaluate(HEADS)
    act(page.context, "poison")
    expect(sales.locator(".why")).to_contain_text("NOT NULL constraint failed: sales.units")
    assert page.evaluate(HEADS) == pytest.approx(before, abs=1)
    act(page.context, "mode sales poison=park")
    expect(sales).to_contain_text("1 parked")
    assert page.evaluate(HEADS) == pytest.approx(before, abs=1)


def test_a_poison_event_is_parked_seen_with_its_reason_and_payload_and_brought_home(page, sales):
    page.locator("#projector").get_by_role("button", name="Poison event").click()
    expect(sales.locator(".why")).to_contain_text("event 6 OrderPlaced: NOT NULL constraint failed")
    sales.get_by_role("button", name="Park", exact=True).click()
    expect(sales).to_contain_text("1 parked")
    sales.get_by_role("link", name="1 parked event in sales").click()
    sheet = page.locator("#sheet")
    letter = sheet.locator("#parked .letter")
    letter.locator("summary").click()
    expect(letter).to_contain_text("NOT NULL constraint failed: sales.units")
    expect(letter.locator("pre")).to_contain_text("unit_price_cents")
    sheet.get_by_role("button", name="version 2", exact=True).click()
    pressed(sheet, "version 2")("aria-pressed", "true")
    sheet.get_by_role("button", name="Retry all").click()
    expect(sheet.locator("#parked .letter")).to_have_count(0)
    expect(sheet.locator("#drift")).to_contain_text("None: what sales shows")


def test_an_order_that_reached_one_store_alone_is_named(visitor, complaints):
    complaints.provoke(REFUSED)
    context = visitor()
    page = enter(context, "set delay=0", "dual on crash=yes")
    place_order(page, product="Lamp", qty=1)
    lost = page.locator("#model-dual_orders .lost")
    expect(lost).to_contain_text("the server died after event #6")
    expect(page.locator("#status")).to_contain_text("writes twice")
    expect(page.locator("#answer-write")).to_contain_text("nobody was answered")


def test_the_difference_to_the_correct_projector_is_shown_line_by_line(page):
    sheet = opened(page)
    sheet.get_by_text("The difference to the correct projector").click()
    expect(sheet.locator(".differs .plus").filter(has_text="if guards.atomic:")).to_contain_text("atomic is on")
    expect(sheet.locator(".differs .minus").first).to_be_visible()
