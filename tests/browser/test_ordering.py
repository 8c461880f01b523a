"""Placing an order and reading about it: what each side shows, and when."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import REFUSED, composer, do, enter, expect_gap, place_order, read_page

pytestmark = pytest.mark.browser

WRITE_AHEAD_OF_READ = (
    "body:has(#w-orders-o-1):has(#w-stock-lamp.fresh):has(#event-6 .pending)"
    ":has(#r-product_card-lamp .stale):has(#r-order_list-o-1.ghost)"
)


def cell(page, row, column):
    return page.locator(f"#r-{row} .c-{column} .v")


def test_the_write_side_knows_an_order_at_once_and_the_read_side_when_the_delay_is_over(visitor):
    page = enter(visitor(), "set delay=4")
    place_order(page)
    expect(page.locator(WRITE_AHEAD_OF_READ)).to_have_count(1)
    expect_gap(page, behind=0, head=6)
    expect(cell(page, "product_card-lamp", "in_stock")).to_have_text("3")
    expect(page.locator("#r-order_list-o-1")).to_contain_text("placed")
    expect(page.locator("main .stale, main .ghost, main .pending")).to_have_count(0)


def test_an_old_cell_is_marked_and_says_what_the_write_store_says(visitor):
    page = enter(visitor(), "pause")
    place_order(page)
    stale = cell(page, "product_card-lamp", "in_stock")
    expect(stale).to_contain_text("5, stale: write store says 3")
    expect(stale).to_have_attribute("data-tip", "write store says 3")
    expect(page.locator("#model-product_card")).to_contain_text("1 stale")
    expect(page.locator("#r-order_list-o-1")).to_contain_text("not here yet")
    expect(page.locator("#w-stock-lamp")).to_contain_text("changed")
    expect(page.locator("#event-6")).to_contain_text("pending")


def test_the_answer_says_accepted_with_receipt_and_time_and_the_line_that_was_written(page):
    place_order(page)
    answer = page.locator("#answer-write")
    expect(answer).to_contain_text(re.compile(r"Accepted in [0-9.]+ ms"))
    expect(answer).to_contain_text("receipt #6 OrderPlaced")
    expect(answer).to_contain_text("cmd place_order customer=c1 product=lamp qty=2 order=o-1 id=cmd-1")


def test_a_refused_command_says_why_leaves_no_event_and_keeps_what_was_typed(page, complaints):
    complaints.provoke(REFUSED)
    place_order(page, product="Rug", qty=7)
    answer = page.locator("#answer-write")
    expect(answer).to_contain_text("Refused")
    expect(answer).to_contain_text("out of stock: the order asks for 7 rug, there are 1")
    expect(answer).to_contain_text("no event")
    form = composer(page, "Place order")
    expect(form.get_by_role("spinbutton", name="Qty").first).to_have_value("7")
    expect(form.get_by_role("combobox", name="Product", exact=True)).to_have_value("rug")
    expect(page.locator(".t-commands")).to_contain_text("refused")
    expect_gap(page, behind=0, head=5)


def test_the_customers_page_changes_only_when_it_is_read_again(visitor):
    page = enter(visitor(), "set delay=0")
    seen = page.locator("#page-seen")
    read_page(page)
    expect(seen).to_contain_text("5 in stock")
    expect(seen).to_contain_text("as of event #5")
    place_order(page)
    expect(cell(page, "product_card-lamp", "in_stock")).to_have_text("3")
    expect(seen).to_contain_text("Now: head #6")
    expect(seen).to_contain_text("5 in stock")
    expect(seen.locator(".stale")).to_have_text("5 in stock")
    read_page(page)
    expect(seen).to_contain_text("3 in stock")
    expect(seen).to_contain_text("as of event #6")


def test_a_page_can_be_read_from_the_write_store_or_wait_for_the_receipt(visitor):
    page = enter(visitor(), "pause", "cmd place_order customer=c1 product=lamp qty=2")
    form, seen = composer(page, "Product page"), page.locator("#page-seen")
    receipt = "the read store, once my receipt is reached"
    for via, stock in (("the read store", 5), ("the write store", 3), (receipt, 3)):
        form.get_by_role("combobox", name="Read from").select_option(via)
        if via == receipt:
            do(page, "resume")
        form.get_by_role("button", name="Read", exact=True).click()
        expect(seen).to_contain_text(f"from {via}")
        expect(seen).to_contain_text(f"{stock} in stock")


def test_every_command_has_a_form_that_works_as_it_comes(visitor):
    page = enter(visitor(), "set delay=0", "cmd place_order customer=c1 product=lamp qty=1")
    tabs = page.get_by_role("group", name="Which command")
    answer = page.locator("#answer-write")
    first = ("Place order", "Restock", "Change price")
    rest = ("Rename product", "Ship order", "Register customer", "Add product", "Cancel order")
    for label in (*first, *rest):
        if label in rest:
            tabs.locator("summary").click()
        tabs.get_by_role("radio", name=label, exact=True).check()
        composer(page, label).get_by_role("button", name=label).click()
        expect(answer).to_contain_text("cmd " + label.lower().replace(" ", "_"))
        expect(answer).to_contain_text("Accepted")


def test_an_order_may_have_two_lines_and_a_command_sent_twice_is_done_once(page):
    form = composer(page, "Place order")
    form.get_by_text("+ second product").click()
    form.get_by_role("combobox", name="Second product").select_option("Mug")
    form.get_by_text("id and version").click()
    form.get_by_label("Command id").fill("mine")
    answer = page.locator("#answer-write")
    for said in ("Accepted", "its first answer again"):
        form.get_by_role("button", name="Place order").click()
        expect(answer).to_contain_text(said)
        expect(answer).to_contain_text("lines=lamp:2,mug:1")
        expect(page.locator("#status")).to_contain_text("head #6")


def test_the_newest_order_is_offered_first_and_each_says_whose_it_is_and_what_of(visitor):
    page = enter(visitor(), "bulk 3", "run")
    place_order(page)
    page.get_by_role("group", name="Which command").locator("summary").click()
    page.get_by_role("group", name="Which command").get_by_role("radio", name="Cancel order").check()
    offered = composer(page, "Cancel order").get_by_role("combobox", name="Order")
    expect(offered.locator("option:checked")).to_have_text(re.compile(r"^o-[0-9]+ · Ada · 2 Lamp$"))
    expect(offered.locator("option")).to_have_count(4)
    newest = offered.input_value()
    composer(page, "Cancel order").get_by_role("button", name="Cancel order").click()
    expect(page.locator("#answer-write")).to_contain_text(f"order={newest}")
    expect(offered.locator("option")).to_have_count(3)


def test_the_action_line_shows_what_the_last_button_wrote(visitor):
    page = enter(visitor())
    do(page, "bulk 1")
    place_order(page)
    expect(page.locator("#answer-write")).to_contain_text("Accepted")
    expect(page.locator("#answer-line code")).to_have_text(re.compile("^cmd place_order customer=c1"))
