"""The composers: an answer stands under the form that it answers, and the keys are a key away."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import PHONE, enter

pytestmark = pytest.mark.browser


def test_an_answer_goes_with_its_form_and_comes_back_with_it(visitor, complaints):
    complaints.provoke("status of 422")
    page = enter(visitor(), "pause")
    order = page.get_by_role("form", name="Place order")
    order.get_by_label("Qty", exact=True).first.fill("0")
    order.get_by_role("button", name="Place order").click()
    answer = page.locator("#answer-write")
    expect(answer).to_contain_text("Refused")
    page.get_by_role("radio", name="Change price").check()
    expect(answer).to_be_hidden()
    page.get_by_role("radio", name="Place order").check()
    expect(answer).to_be_visible()
    # What the browser keeps back has no answer, and the one before is not of it.
    order.get_by_label("Qty", exact=True).first.fill("")
    order.get_by_role("button", name="Place order").click()
    expect(answer).to_be_hidden()
    order.get_by_label("Qty", exact=True).first.fill("1")
    order.get_by_role("button", name="Place order").click()
    expect(answer).to_contain_text("Accepted")
    expect(answer).to_be_visible()


def test_a_question_mark_tells_the_keys(page):
    page.locator("body").press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Ctrl Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_on_a_phone_the_gap_is_in_sight_wherever_one_is(visitor):
    page = enter(visitor(viewport=PHONE), "pause", "cmd place_order customer=c1 product=lamp qty=1")
    for place in ("#composer", "#h-line"):
        page.locator(place).scroll_into_view_if_needed()
        expect(page.locator("#status")).to_be_in_viewport(ratio=1)
        expect(page.locator("#status")).to_contain_text("1 behind")
