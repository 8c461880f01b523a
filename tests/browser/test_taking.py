"""Undo, reset, and taking one's stores and lines elsewhere."""

import io
import re
import sqlite3
import zipfile
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.visits import do, enter, expect_gap, place_order

pytestmark = pytest.mark.browser

BUY = "cmd place_order customer=c1 product=lamp qty=1"


def test_undo_says_what_it_took_back_and_both_stores_go_back(visitor):
    page = enter(visitor(), "pause", BUY, "step all", BUY)
    expect_gap(page, behind=1, head=7)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#answer-line")).to_contain_text(f"taken back: {BUY}")
    expect_gap(page, behind=0, head=6)
    expect(page.locator("#w-orders-o-1")).to_have_count(1)
    expect(page.locator("#w-orders-o-2, #event-7")).to_have_count(0)


def test_what_takes_a_while_says_so_at_its_button_and_in_words_until_it_is_over(visitor):
    page = enter(visitor(), BUY)
    held = []
    page.route("**/actions", lambda route: held.append(route))
    undo = page.get_by_role("button", name="Undo")
    before = undo.bounding_box()
    undo.click()
    expect(undo).to_have_attribute("aria-busy", "true")
    expect(page.locator("#doing")).to_have_text("Undoing: all lines but the last are played again.")
    assert undo.bounding_box() == before
    held[0].continue_()
    expect(page.locator("#answer-line")).to_contain_text(f"taken back: {BUY}")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator("#doing")).to_be_empty()


def test_reset_asks_first_and_then_both_stores_are_as_on_the_first_day(visitor):
    page = enter(visitor(), "pause", BUY, BUY)
    page.get_by_role("button", name="Reset", exact=True).click()
    page.get_by_role("button", name="Reset both stores").click()
    expect(page.locator("#answer-line")).to_contain_text("3 lines dropped")
    expect(page.locator("#reset")).to_be_hidden()
    expect_gap(page, behind=0, head=5)
    expect(page.locator("#r-product_card-lamp .c-in_stock")).to_have_text("5")


def test_a_share_link_asks_whoever_opens_it_and_replays_by_post(visitor):
    page = enter(visitor(), BUY, "run", "pause", BUY)
    page.get_by_role("link", name="Share").click()
    link = page.get_by_role("dialog").get_by_label("Link").input_value()

    friend = visitor()
    other = enter(friend, path=link)
    expect(other.get_by_role("heading", name="Replay these lines?")).to_be_visible()
    expect(other.get_by_label("Action lines")).to_have_value(re.compile("^" + BUY))
    assert friend.request.get("/state").json()["head"] == 5
    with other.expect_request(lambda request: request.method == "POST"):
        other.get_by_role("button", name="Replay").click()
    expect(other).to_have_title(re.compile("Sandbox"))
    expect(other.locator("#w-orders-o-1, #w-orders-o-2")).to_have_count(2)
    expect_gap(other, behind=1, head=7)


def test_the_export_holds_two_stores_that_sqlite_opens(visitor, tmp_path):
    page = enter(visitor(), "set delay=0", BUY)
    expect_gap(page, behind=0, head=6)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    packed = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    assert {"README.txt", "transcript.txt"} < set(packed.namelist())
    for store, question, answer in (
        ("write.db", "SELECT max(position) FROM events", 6),
        ("read.db", "SELECT in_stock FROM product_card WHERE product_id = 'lamp'", 4),
    ):
        packed.extract(store, tmp_path)
        with closing(sqlite3.connect(tmp_path / store)) as opened:
            assert opened.execute(question).fetchone() == (answer,)


def test_the_lines_can_be_downloaded_and_opened_as_a_file(visitor, tmp_path):
    page = enter(visitor(), BUY)
    page.get_by_role("link", name="Share").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the lines").click()
    file = tmp_path / "transcript.txt"
    download.value.save_as(file)

    other = enter(visitor(), path="/open")
    other.get_by_label("or a file of them").set_input_files(file)
    other.get_by_role("button", name="Replay").click()
    expect(other.locator("#w-orders-o-1")).to_have_count(1)


def test_lines_that_cannot_be_replayed_are_refused_by_number_and_the_sandbox_is_kept(visitor, complaints):
    complaints.provoke("status of 422")
    context = visitor()
    page = enter(context, BUY, path="/open")
    page.get_by_label("Action lines").fill("run\nbuy a lamp")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_role("alert")).to_contain_text("line 2")
    expect(page.get_by_label("Action lines")).to_have_value("run\nbuy a lamp")
    assert context.request.get("/state").json()["head"] == 6


def test_presenter_view_has_larger_type_and_no_names_and_outlives_a_reload(page):
    place_order(page)
    do(page, "run")
    ada = page.locator("main table").get_by_text("Ada", exact=True).filter(visible=True)
    expect(ada).not_to_have_count(0)
    title = page.get_by_role("heading", name="Write store")
    before = title.bounding_box()["height"]
    page.get_by_role("link", name="Presenter view").click()
    for _ in range(2):
        expect(ada).to_have_count(0)
        assert title.bounding_box()["height"] > 1.1 * before
        page.reload()
    page.get_by_role("link", name="Leave presenter view").click()
    expect(ada).not_to_have_count(0)


def test_presenter_view_hides_names_and_addresses_in_raw_arguments_and_events_too(visitor):
    page = enter(visitor(), path="/?presenter=1")
    for look in (page.locator("main"), page.locator("#sheet-body")):
        expect(look).not_to_be_empty()
        shown = look.inner_text()
        assert not any(secret in shown for secret in ("Ada", "Ben", "ada@example.test")), shown
        page.locator("#event-1 a").dispatch_event("click")
