"""From a row to its event to its command, and to the code and the schema behind them."""

import inspect
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import cqrs.read.projections
from cqrs.write import handlers
from tests.browser.visits import enter

pytestmark = pytest.mark.browser

BUY = "cmd place_order customer=c1 product=lamp qty=2"
PROJECTIONS = Path(next(iter(cqrs.read.projections.__path__)))


def dialog(page):
    return page.get_by_role("dialog")


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def test_a_row_leads_back_to_its_event_and_its_command_with_five_times(visitor):
    page = enter(visitor(), "set delay=0", BUY, "query product_card lamp via=token")
    page.get_by_role("link", name="#6, where product_card lamp comes from").click()
    sheet = dialog(page)
    expect(sheet).to_contain_text("in_stock")
    expect(sheet).to_contain_text("Event #6")
    expect(sheet).to_contain_text("customer_name")
    expect(sheet).to_contain_text(["lamp", " name Lamp", " qty 2"][0])
    expect(sheet).to_contain_text("PlaceOrder")
    expect(sheet).to_contain_text("cmd-2 was accepted")
    for name in ("received", "committed", "picked up", "applied", "read"):
        expect(sheet.get_by_role("columnheader", name=name, exact=True)).to_be_visible()
    row = sheet.get_by_role("row").filter(has_text="product_card")
    expect(row.get_by_role("cell").filter(has_text=re.compile(r"^\+ [0-9.]+ m?s$"))).to_have_count(4)


def test_an_event_of_the_log_opens_on_a_click_and_its_neighbours_from_there(visitor):
    page = enter(visitor(), BUY)
    page.locator("#event-6").get_by_role("link").click()
    expect(dialog(page)).to_contain_text("OrderPlaced")
    dialog(page).get_by_role("link", name="← #5").click()
    expect(dialog(page)).to_contain_text("ProductAdded")
    dialog(page).get_by_role("button", name="Close").click()
    expect(dialog(page)).to_have_count(0)


def test_the_code_shown_of_a_projection_is_its_very_file(page):
    page.get_by_role("link", name="Show me the code of sales").click()
    code = dialog(page).locator("pre")
    expect(code).to_contain_text("CREATE TABLE")
    assert squeezed(code.inner_text()) == squeezed((PROJECTIONS / "sales.sql").read_text())


def test_the_code_shown_of_a_command_is_the_handler_that_runs(page):
    page.get_by_role("form", name="Place order").get_by_role("link", name="Show me the code").click()
    code = dialog(page).locator("pre")
    expect(code.first).to_contain_text("def place_order")
    assert squeezed(inspect.getsource(handlers.place_order)) in squeezed(" ".join(code.all_inner_texts()))


def test_the_code_of_the_projector_is_there_too(page):
    page.get_by_role("link", name="Show me the code of the projector").click()
    expect(dialog(page).locator("pre").first).to_contain_text("def ")


@pytest.mark.parametrize(("store", "table"), [("write", "order_lines"), ("read", "product_card")])
def test_the_schema_of_each_store_is_a_tap_away(page, store, table):
    page.get_by_role("link", name=f"Schema of the {store} store").click()
    sheet = dialog(page)
    expect(sheet).to_contain_text(f"Schema of the {store} store")
    expect(sheet).to_contain_text(re.compile(rf'CREATE TABLE "?{table}'))


def test_long_logs_and_tables_show_a_window_and_say_of_how_many(visitor):
    page = enter(visitor(), "set delay=0 batch=50", "bulk 60")
    expect(page.locator("#event-log")).to_contain_text(re.compile(r"[0-9]+ of 66 events|[0-9]+ of 65 events"))
    page.get_by_role("link", name="60 rows in orders").click()
    expect(dialog(page)).to_contain_text("of 60")
    dialog(page).get_by_role("link", name="next →").click()
    expect(dialog(page)).to_contain_text("to 60 of 60")
    dialog(page).get_by_role("button", name="Close").click()
    page.get_by_role("link", name="show the whole log").click()
    expect(dialog(page).locator(".ev").first).to_contain_text("OrderPlaced")
    dialog(page).get_by_role("link", name="older →").click()
    expect(dialog(page).locator(".ev").last).to_contain_text("CustomerRegistered")
    dialog(page).get_by_role("link", name="← newer").click()
    expect(dialog(page).get_by_role("link", name="older →")).to_be_visible()


def test_every_word_with_dots_under_it_explains_itself(page):
    words = page.locator("main button.word").filter(visible=True)
    meanings = set()
    for index in range(words.count()):
        word = words.nth(index)
        word.click()
        meaning = page.locator(".meaning:popover-open")
        expect(meaning).to_have_count(1)
        meanings.add(meaning.locator("b").inner_text())
        assert len(meaning.inner_text().split()) >= 6
        page.keyboard.press("Escape")
        expect(meaning).to_have_count(0)
    assert {"command", "event log", "position", "lag", "projector", "query", "page", "action"} <= meanings
