"""Break it, see it, mend it, break it again: with clicks alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import LAPTOP, REFUSED, act, do, enter, place_order
from tests.lab.owned import ADD

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

TWO_LINES = 44
"""As much may the reason of a stop take, in pixels."""


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
    expect(sales.locator(".why")).to_have_text("crashed (injected) at before_checkpoint: rows kept, checkpoint lost")
    sales.get_by_role("button", name="Let it go on").click()
    expect(sales.locator(".c-units .drift")).to_have_text(re.compile("^4"))
    expect(sales.locator(".c-units .drift")).to_have_attribute("data-tip", "drift: the write store says 2")
    sales.get_by_role("link", name="drift: 1 row in sales").click()
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
    expect(sales.locator(".why")).to_have_text("crashed (injected) at before_commit: nothing kept")
    sales.get_by_role("button", name="Let it go on").click()
    expect(sales.locator("td.c-units")).to_have_text("3")
    expect(sales.locator(".drift, .badge")).to_have_count(0)


def test_when_a_fault_comes_only_its_reason_unfolds_and_when_it_goes_all_stands_as_before(page, sales):
    place_order(page, product="Mug", qty=1)
    expect(sales).to_contain_text("0 behind")
    expect(sales.locator("td.c-units")).to_have_text("1")
    before = page.evaluate(HEADS)
    act(page.context, "poison")
    expect(sales.locator(".why")).to_contain_text("NOT NULL constraint failed: sales.units")
    assert page.evaluate(HEADS) == pytest.approx(before, abs=TWO_LINES)
    act(page.context, "mode all poison=park")
    expect(page.locator("#read-models .stuck")).to_have_count(0)
    expect(sales).to_contain_text("1 parked")
    assert page.evaluate(HEADS) == pytest.approx(before, abs=1)


def test_a_poison_event_is_parked_seen_with_its_reason_and_payload_and_brought_home(page, sales):
    page.locator("#projector").get_by_role("button", name="Record a poison event now").click()
    expect(sales.locator(".why")).to_contain_text("event #6 OrderPlaced: NOT NULL constraint failed")
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


def test_the_page_follows_what_moves_without_it_and_keeps_how_it_stands_in_sight(visitor):
    context = visitor(viewport=LAPTOP)
    page = enter(context, "set delay=0", ADD, path="/break/spent")
    now, position = page.locator("#broken-now"), page.get_by_role("textbox", name="Event")
    expect(now).to_contain_text("spent stands at #5, the log ends at #5")
    position.fill("3")
    page.get_by_role("button", name="before_commit", exact=True).click()
    expect(page.locator("#answer-break")).to_contain_text("injected: the projector dies at before_commit")
    act(context, "cmd place_order customer=c1 product=lamp qty=2")
    expect(now).to_contain_text("It crashed (injected) at before_commit: nothing kept.")
    expect(position).to_have_value("3")
    page.get_by_role("button", name="Stop writing twice").click()
    for shown in (now, page.locator("#answer-break")):
        expect(shown).to_contain_text(re.compile("crashed|dual off"))
        expect(shown).to_be_in_viewport(ratio=1)
    now.get_by_role("button", name="Let it go on").click()
    expect(now).to_contain_text("spent stands at #6, the log ends at #6")


def test_a_link_to_a_part_of_the_sheet_opens_it_there_and_a_closed_sheet_asks_for_nothing(visitor):
    page = enter(visitor(viewport=LAPTOP))
    page.get_by_role("link", name="Duplicate…").click()
    expect(page.get_by_role("button", name="Deliver it twice")).to_be_in_viewport(ratio=1)
    expect(page.locator("#broken-now")).to_be_in_viewport(ratio=1)
    close(page)
    expect(page.locator("#broken-now")).to_have_count(0)


def test_the_difference_to_the_correct_projector_is_shown_line_by_line(page):
    sheet = opened(page)
    sheet.get_by_text("The difference to the correct projector").click()
    expect(sheet.locator(".differs .plus").filter(has_text="if guards.atomic:")).to_contain_text("atomic is on")
    expect(sheet.locator(".differs .minus").first).to_be_visible()
