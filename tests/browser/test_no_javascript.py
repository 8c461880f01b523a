"""Without JavaScript: forms and links do it all, a page at a time."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import composer, enter, expect_gap, place_order, read_page

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(visitor):
    return enter(visitor(java_script_enabled=False))


def test_the_first_sixty_seconds(visitor):
    page = visitor(java_script_enabled=False).new_page()
    page.goto("/")
    lesson = page.locator("#lesson")
    steps = (("3", 1), ("Wake the projector", 0), ("Buy a mug", 1), ("Buy a lamp", 2))
    for label, behind in steps:
        lesson.get_by_role("button", name=re.compile(rf"{label}$")).click()
        expect(lesson).to_contain_text(f"{behind} behind")
    lesson.get_by_role("link", name="Play freely").click()
    expect(page).to_have_title(re.compile("Sandbox"))


def test_an_order_and_then_a_query(plain):
    place_order(plain)
    expect(plain.locator("#answer-write")).to_contain_text("Accepted")
    expect(plain.locator("#w-orders-o-1")).to_have_count(1)
    read_page(plain)
    expect(plain.locator("#page-seen")).to_contain_text(re.compile("[35] in stock"))


def test_a_refused_command_comes_back_as_the_whole_page_with_what_was_typed(plain, complaints):
    complaints.provoke("status of 422")
    with plain.expect_response(lambda response: response.request.method == "POST") as answer:
        place_order(plain, product="Rug", qty=7)
    assert answer.value.status == 422
    expect(plain.locator("#answer-write")).to_contain_text("Refused")
    expect(plain.get_by_role("region", name="Tables of the read store")).to_be_visible()
    expect(composer(plain, "Place order").get_by_role("spinbutton", name="Qty").first).to_have_value("7")
    expect(composer(plain, "Place order").get_by_role("combobox", name="Product", exact=True)).to_have_value("rug")


def test_sliders_have_a_button_and_undo_and_reset_work(plain):
    plain.get_by_role("slider", name="Delay").fill("5")
    plain.locator("form", has=plain.get_by_role("slider", name="Delay")).get_by_role("button", name="Set").click()
    expect(plain.get_by_role("slider", name="Delay")).to_have_value("5")
    place_order(plain)
    expect_gap(plain, behind=1, head=6)
    plain.get_by_role("button", name="Undo").click()
    expect_gap(plain, behind=0, head=5)
    expect(plain.locator("#answer-line")).to_contain_text("taken back: ")
    plain.get_by_role("button", name="Reset", exact=True).click()
    plain.get_by_role("button", name="Reset both stores").click()
    expect(plain.get_by_role("slider", name="Delay")).to_have_value("1")


def test_other_commands_can_be_chosen_and_the_log_paged(visitor):
    page = enter(visitor(java_script_enabled=False), "set delay=0", "bulk 60")
    page.get_by_role("radio", name="Restock").check()
    composer(page, "Restock").get_by_role("button", name="Restock").click()
    expect(page.locator("#answer-write")).to_contain_text("cmd restock")
    page.get_by_role("link", name="show the whole log").click()
    newest = page.locator("#log .pos").first.inner_text()
    page.get_by_role("link", name="older →").click()
    assert int(page.locator("#log .pos").first.inner_text()) < int(newest)
    page.locator("#log .ev").last.click()
    expect(page.get_by_role("heading", name="Event #")).to_be_visible()
    page.get_by_role("link", name="← Back to the stores").click()
    expect(page).to_have_title(re.compile("Sandbox"))


def test_code_schema_words_and_sharing_are_pages_of_their_own(plain):
    for link, heading in (
        ("Show me the code of sales", "sales"),
        ("Schema of the read store", "Schema of the read store"),
        ("Share", "Share what you did"),
    ):
        plain.goto("/")
        plain.get_by_role("link", name=link, exact=True).click()
        expect(plain.get_by_role("heading", name=heading)).to_be_visible()
    plain.goto("/")
    plain.get_by_role("button", name="Event log", exact=True).click()
    expect(plain.locator(".meaning:popover-open")).to_contain_text("event log")
