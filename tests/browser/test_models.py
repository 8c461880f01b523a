"""A read model of one's own, as somebody writes it before the page."""

import re

import pytest
from playwright.sync_api import expect

from lab.actions import ModelWrite
from lab.tasks import tasks
from tests.browser.visits import enter

pytestmark = pytest.mark.browser

ORDERS = (
    "cmd place_order customer=c1 product=lamp qty=2 order=a",
    "cmd place_order customer=c2 product=mug qty=1 order=b",
    "cmd cancel_order order=b",
)


def code(page):
    return page.locator(".cm-content")


def add(page):
    return page.get_by_role("button", name="Add to the read store")


def test_copied_spoiled_mended_tried_added_and_seen_in_the_shop(visitor):
    page = enter(visitor(), *ORDERS, path="/")
    page.get_by_role("link", name="Your read models").click()
    page.get_by_role("link", name="Copy customer_card").click()
    expect(page.locator("#model-checked")).to_contain_text("4 of 4 statements read · reads well")
    left, middle, right = (page.locator(f".workbench > .{lane}").bounding_box() for lane in ("log", "read", "plain"))
    assert left["x"] + left["width"] <= middle["x"] < middle["x"] + middle["width"] <= right["x"]
    code(page).press("Control+End")
    page.keyboard.type("\n-- on OrderShipped\nUPDATE my_customer_card SET orders = :total")
    expect(page.locator(".findings")).to_contain_text("OrderShipped has no field :total")
    expect(page.locator(".cm-lintRange-error")).to_have_text(re.compile("total"))
    expect(add(page)).to_be_disabled()
    for _ in ":total":
        page.keyboard.press("Backspace")
    page.keyboard.type("orders WHERE customer_id = ''")
    expect(page.locator("#model-checked")).to_contain_text("5 of 5 statements read · reads well")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#model-dry")).to_contain_text("2 rows changed; 2 rows in all, after event #8")
    add(page).click()
    expect(page.locator("#model-standing")).to_contain_text(re.compile("as of event #8 *0 behind"))
    page.get_by_role("link", name="See it in the shop").click()
    expect(page.locator("#model-my_customer_card")).to_contain_text("c1")
    expect(page.locator(".mark .tag", has_text="my_customer_card")).to_have_count(1)


def test_what_was_typed_survives_a_reload_and_goes_when_it_is_added(visitor):
    page = enter(visitor(), path="/models/new")
    code(page).press("Control+End")
    page.keyboard.type("-- mine")
    page.get_by_label("Name").fill("mine")
    page.get_by_role("button", name="Call the table mine").click()
    expect(page.locator("#model-checked")).to_contain_text("reads well")
    code(page).press("Control+End")
    page.keyboard.type(" still")
    page.goto("/models/new")
    expect(code(page)).to_contain_text("-- mine still")
    expect(page.get_by_label("Name")).to_have_value("mine")
    add(page).click()
    expect(page.locator("#model-standing")).to_contain_text("is in the read store")
    page.goto("/models/new")
    expect(page.get_by_label("Name")).to_have_value("my_orders")
    expect(code(page)).not_to_contain_text("mine")


def test_escape_leads_out_of_the_text_to_the_buttons_below_it(visitor):
    page = enter(visitor(), path="/models/new")
    expect(page.locator("#model-checked")).to_contain_text("reads well")
    expect(add(page)).to_be_enabled()
    code(page).press("Escape")
    expect(add(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Dry run on the last")).to_be_focused()


def test_what_the_page_began_with_is_no_draft_and_hides_no_text_that_comes_after_it(visitor):
    task = tasks()["sales-per-customer"]
    page = enter(
        visitor(), *ORDERS, str(ModelWrite(task.model, task.solution.strip())), path=f"/models/{task.model}/edit"
    )
    page.get_by_role("button", name="Is it true?").click()
    expect(page.locator("#model-truth .tried li").first).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('draft:'))") == []
    code(page).press("Control+End")
    page.keyboard.type("-- mine")
    page.get_by_role("button", name="Is it true?").click()
    expect(page.locator("#model-checked")).to_contain_text("not saved yet")
    page.reload()
    expect(code(page)).to_contain_text("-- mine")


def test_beside_what_failed_the_task_is_in_sight_the_head_is_not_green_and_the_page_has_the_only_bar(visitor):
    task = tasks()["sales-per-customer"]
    line = str(ModelWrite(task.model, task.wrong[0].sql.strip()))
    page = enter(visitor(), *ORDERS, line, path=f"/models/{task.model}/edit")
    page.set_viewport_size({"width": 1280, "height": 800})
    standing, green = page.locator("#model-standing"), page.locator("#model-standing .lag.none")
    expect(standing).to_have_css("background-color", green.evaluate("(each) => getComputedStyle(each).backgroundColor"))
    page.get_by_role("button", name="Check the task").click()
    expect(page.locator("#model-task .no")).to_be_in_viewport()
    expect(page.get_by_text(task.question)).to_be_in_viewport()
    colour = green.evaluate("(each) => getComputedStyle(each).backgroundColor")
    expect(standing).not_to_have_css("background-color", colour)
    page.mouse.move(640, 400)
    for lane in (".log", ".plain"):
        expect(page.locator(f".workbench > {lane}")).to_have_css("scrollbar-color", re.compile(r"rgba\(0, 0, 0, 0\)"))


def test_without_a_script_it_is_written_looked_over_tried_and_added(visitor, complaints):
    complaints.provoke("status of 4")
    page = enter(visitor(java_script_enabled=False), *ORDERS, path="/models/new")
    area = page.get_by_label("Text of the read model")
    right = area.input_value()
    area.fill(right.replace(":placed_on", ":day"))
    add(page).click()
    expect(page.locator(".findings")).to_contain_text("OrderPlaced has no field :day")
    expect(area).to_have_value(right.replace(":placed_on", ":day"))
    area.fill(right)
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#model-dry .diff")).to_contain_text("added")
    add(page).click()
    expect(page.locator("#model-standing")).to_contain_text("is in the read store")


def test_after_new_orders_what_was_tried_before_says_that_it_is_older(visitor):
    page = enter(visitor(), path="/models/new")
    page.get_by_role("button", name="Is it true?").click()
    expect(page.locator("#model-truth")).to_contain_text("5 events, 0 rows")
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("#model-truth .outdated")).to_be_hidden()
    page.locator("#model-dry").get_by_role("button", name="Place 12 orders").click()
    expect(page.locator("#model-dry .diff")).to_be_visible()
    expect(page.locator("#model-truth .outdated")).to_be_visible()
    expect(page.locator("#model-dry .outdated")).to_be_hidden()


def test_a_verdict_is_brought_into_sight_and_save_waits_for_a_change(visitor):
    task = tasks()["sales-per-customer"]
    line = str(ModelWrite(task.model, task.solution.strip()))
    page = enter(visitor(), *ORDERS, line, path=f"/models/{task.model}/edit")
    page.set_viewport_size({"width": 1440, "height": 657})
    page.get_by_text("What is asked of it").click()
    page.get_by_role("button", name="Check the task").click()
    expect(page.locator("#model-task .take-away")).to_be_in_viewport()
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    code(page).press("Control+End")
    page.keyboard.type("\n-- more")
    expect(save).to_be_enabled()
    save.click()
    expect(page.locator("#model-standing")).to_contain_text("then switched")
    expect(save).to_be_disabled()
    expect(page.locator("#model-rows")).to_contain_text("as of event #8")
