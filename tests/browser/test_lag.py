"""The gap: made by letting the projector sleep, drawn, counted, and closed."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import DESK, LAPTOP, PHONE, do, enter, expect_gap, place_order
from tests.lab.owned import ADD

pytestmark = pytest.mark.browser


@pytest.fixture
def asleep(page):
    """The page after Sleep and three orders."""
    press(page, "Sleep")
    expect(page.locator("#projector")).to_contain_text("asleep")
    for position in (6, 7, 8):
        place_order(page, product="Mug", qty=1)
        expect(page.locator("#answer-write")).to_contain_text(f"receipt #{position}")
    return page


def press(page, name):
    page.locator("#projector").get_by_role("button", name=name, exact=True).click()


def slide(page, label, value):
    """Drag a slider and let go."""
    page.get_by_role("slider", name=label).fill(str(value))


def test_while_the_projector_sleeps_the_gap_grows_and_the_marks_stay(asleep):
    expect_gap(asleep, behind=3, head=8)
    expect(asleep.locator("#event-log .gauge")).to_have_text(re.compile(r"3 behind\s+· [0-9.]+ s"))
    expect(asleep.locator("#event-log .pending")).to_have_count(3)
    marks = asleep.locator("#event-log .mark")
    expect(marks).to_contain_text("stand at position 5")
    for name in ("product_card", "order_list", "sales", "customer_card", "product_search"):
        expect(marks).to_contain_text(name)
        expect(asleep.locator(f"#model-{name}")).to_contain_text("3 behind")
    expect(asleep.locator("#lag-chart .behind")).to_contain_text("all 5 read models 3 behind, at most")


def test_what_is_pending_is_said_in_a_word_where_a_line_has_room_and_the_head_of_a_long_log_is_one_line(visitor):
    page = enter(visitor(), "pause", "bulk 30", "cmd place_order customer=c1 product=rug qty=1 order=o-abcdefg1")
    newest = page.locator("#event-37")
    expect(newest).to_contain_text("o-abcdefg1")
    name, subject, state = (newest.locator(f".{part}") for part in ("name", "who", "state"))
    for viewport, words in ((DESK, "pending"), (LAPTOP, "5/5"), (PHONE, "pending")):
        page.set_viewport_size(viewport)
        expect(state.locator(".said-so")).to_have_css("position", "static" if words == "pending" else "absolute")
        expect(state.locator(".instead")).to_be_visible(visible=words != "pending")
        for part in (name, subject):
            assert part.evaluate("(part) => part.scrollWidth <= part.clientWidth")
        head = page.locator("#event-log .windowed")
        expect(head.get_by_role("link", name="time travel")).to_be_visible()
        assert head.evaluate("(head) => head.scrollWidth <= head.clientWidth && head.offsetHeight < 24")


def test_run_closes_the_gap(asleep):
    press(asleep, "Run")
    expect_gap(asleep, behind=0, head=8)
    expect(asleep.locator("#event-log .pending")).to_have_count(0)
    expect(asleep.locator("#event-log .mark")).to_contain_text("stand at position 8")


def test_step_moves_every_read_model_by_one_event(asleep):
    for behind in (2, 1, 0):
        press(asleep, "Step")
        expect_gap(asleep, behind=behind, head=8)


def test_one_read_model_can_be_stepped_alone_and_has_a_lag_of_its_own(asleep):
    model = asleep.locator("#model-sales")
    model.get_by_label("Projection sales").click()
    model.get_by_role("button", name="Step one event").click()
    expect(model).to_contain_text("2 behind")
    expect(asleep.locator("#model-product_card")).to_contain_text("3 behind")
    expect(asleep.locator("#mark-sales")).to_contain_text("stand at position 6")


def test_a_read_model_that_was_dropped_can_be_added_and_fills_itself_from_the_log(page):
    model = page.locator("#model-product_card")
    model.get_by_label("Projection product_card").click()
    model.get_by_role("button", name="Drop").click()
    expect(model).to_have_count(0)
    page.get_by_role("button", name="Add product_card").click()
    expect(page.locator("#r-product_card-lamp .c-in_stock")).to_have_text("5")


def test_the_sliders_write_the_lines_of_delay_batch_and_traffic(page):
    said = page.locator("#answer-line")
    settings = (("Delay", 2.5, "set delay=2.5"), ("Batch", 50, "set batch=50"), ("Traffic", 3, "traffic 3"))
    for label, value, line in settings:
        slide(page, label, value)
        expect(said).to_contain_text(line)
        expect(said).to_contain_text("done")
    page.reload()
    expect(page.get_by_role("slider", name="Delay")).to_have_value("2.5")
    expect(page.get_by_role("slider", name="Batch")).to_have_value("50")
    slide(page, "Traffic", 0)
    expect(said).to_contain_text("traffic off")


def test_traffic_makes_the_gap_grow_and_without_it_the_gap_drains(visitor):
    page = enter(visitor(), "set delay=5")
    slide(page, "Traffic", 20)
    expect(page.locator("#status")).to_contain_text(re.compile(r"\b[1-9][0-9] behind"))
    slide(page, "Traffic", 0)
    expect(page.locator("#answer-line")).to_contain_text("traffic off")
    slide(page, "Delay", 0)
    expect(page.locator("#status")).to_contain_text(re.compile(r"\b0 behind"))
    expect(page.locator("#lag-chart .behind")).to_contain_text(re.compile(r"0 behind, at most [1-9][0-9]"))


def test_the_chart_has_three_faces_and_each_says_in_words_what_it_draws(asleep):
    press(asleep, "Run")
    expect_gap(asleep, behind=0, head=8)
    faces = asleep.get_by_role("group", name="Face of the chart")
    for name, words in (
        ("Commit → visible", r"median.*product_card.*worst"),
        ("Trace", r"#8 OrderPlaced.*ms"),
        ("Behind the head", r"0 behind, at most [35]"),
    ):
        faces.get_by_role("radio", name=name).check()
        shown = asleep.locator("#lag-chart .face").filter(visible=True)
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text(re.compile(words, re.DOTALL))


def test_nothing_moves_when_another_face_is_chosen(page):
    for _ in range(5):
        do(page, "cmd restock product=mug qty=1")
    expect_gap(page, behind=0, head=10)
    expect(page.locator("#lag-chart .trace tbody tr")).to_have_count(5)
    places = set()
    for name in ("Trace", "Commit → visible", "Behind the head"):
        page.get_by_role("radio", name=name).check()
        places.add((page.locator(".time").bounding_box()["height"], page.locator(".console").bounding_box()["y"]))
    assert len(places) == 1


def test_who_is_sent_to_the_action_line_can_type_at_once(page):
    page.goto("/lessons")
    page.goto("/#line")
    expect(page.get_by_role("textbox", name="Action line")).to_be_focused()
    expect(page.get_by_role("textbox", name="Action line")).to_be_in_viewport()


CUT = """() => [...document.querySelectorAll("#read-models :is(.why, table)")].filter((each) =>
    each.scrollWidth > each.clientWidth + 1
    || each.getBoundingClientRect().right > each.closest(".table").getBoundingClientRect().right + 1
).map((each) => each.textContent.trim().slice(0, 80))"""


def test_on_a_laptop_why_a_read_model_stopped_and_the_last_column_are_seen_whole(visitor):
    page = enter(visitor(), "poison")
    page.set_viewport_size(LAPTOP)
    expect(page.locator("#model-order_list .why")).to_contain_text("NOT NULL constraint failed: order_list.items")
    expect(page.locator("#model-order_list .side")).to_have_text("not here yet")
    assert page.evaluate(CUT) == []


def test_a_read_model_of_ones_own_stands_first_and_in_sight(visitor):
    page = enter(visitor(), ADD)
    page.set_viewport_size(LAPTOP)
    expect(page.locator("#read-models .table").first).to_have_id("model-spent")
    expect(page.locator("#model-spent h3")).to_be_in_viewport()
