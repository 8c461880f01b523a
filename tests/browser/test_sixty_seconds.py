"""The first visit: a bet, a gap, a gap closed, and three doors."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visits import DESK, LAPTOP, PHONE, overflow

pytestmark = pytest.mark.browser

STORY = (("3", (3, 5, 1)), ("Wake the projector", (3, 3, 0)), ("Buy a mug", (3, 3, 1)), ("Buy a lamp", (2, 3, 2)))
"""What is chosen, and what is seen after it: lamps in the write store, lamps in the read store, events behind."""

MOST_WORDS = 60

PROSE = """() => [...document.querySelectorAll("main p, main legend")]
    .filter((block) => block.checkVisibility()).map((block) => {
    const copy = block.cloneNode(true);
    copy.querySelectorAll("button, a, kbd, .sr").forEach((part) => part.remove());
    return copy.textContent.replace(/#?[0-9]+/g, " ").trim();
})"""


def choice(page: Page, label: str) -> Locator:
    """The button or the door that says this, whatever number stands before it."""
    choices = page.locator("#lesson").get_by_role("button").or_(page.locator("#lesson").get_by_role("link"))
    return choices.filter(has_text=re.compile(rf"^\s*[0-9]?\s*{label}\s*$"))


def tap(page, label):
    choice(page, label).click()


def press_number(page, label):
    page.keyboard.press(choice(page, label).locator("kbd").inner_text())


def tab_and_enter(page, label):
    target = choice(page, label)
    expect(target).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("(button) => button === document.activeElement"):
            break
    page.keyboard.press("Enter")


def expect_sides(page, write, read, behind):
    """Expect how many lamps each store says there are, and how many events lie between them."""
    for store, lamps in (("Write store", write), ("Read store", read)):
        lamp = page.get_by_role("region", name=store).get_by_role("listitem").filter(has_text="Lamp")
        expect(lamp.locator("b")).to_have_text(str(lamps))
    expect(page.get_by_role("region", name="Event log")).to_contain_text(f"{behind} behind")


@pytest.mark.parametrize("choose", [tap, press_number, tab_and_enter])
def test_five_choices_lead_from_the_first_visit_over_a_gap_made_and_closed_to_a_door(newcomer, choose):
    page = newcomer
    page.goto("/")
    read = page.get_by_role("region", name="Read store")
    expect_sides(page, 5, 5, 0)

    bet, wake, *again = STORY
    choose(page, bet[0])
    expect_sides(page, *bet[1])
    expect(page.get_by_role("region", name="Write store")).to_contain_text("changed")
    expect(read).to_contain_text("stale")
    expect(read).to_contain_text("as of event #5")
    expect(page.get_by_text("You said 3. It says 5.")).to_be_visible()
    expect(page.get_by_text("Nothing is broken.")).to_be_visible()

    choose(page, wake[0])
    expect_sides(page, *wake[1])
    expect(read).to_contain_text("as of event #6")

    for label, sides in again:
        choose(page, label)
        expect_sides(page, *sides)
    expect(page.get_by_role("heading", name="CQRS: Command Query Responsibility Segregation")).to_be_visible()
    for door in ("The lessons", "Play freely", "I teach a class"):
        expect(choice(page, door)).to_be_visible()

    choose(page, "Play freely")
    expect(page).to_have_title(re.compile("Sandbox"))
    expect(page.locator("#status")).to_contain_text("head #5")


def test_it_can_be_read_in_a_minute(newcomer):
    page = newcomer
    page.goto("/")
    told = dict.fromkeys(page.evaluate(PROSE))
    for label, sides in STORY:
        tap(page, label)
        expect_sides(page, *sides)
        told |= dict.fromkeys(page.evaluate(PROSE))
    words = re.findall(r"[^\W\d]+", " ".join(told))
    assert len(words) <= MOST_WORDS, sorted(told)


def test_a_reload_in_the_middle_loses_nothing(newcomer):
    page = newcomer
    page.goto("/")
    tap(page, "an error")
    expect_sides(page, 3, 5, 1)
    page.reload()
    expect_sides(page, 3, 5, 1)
    expect(page.get_by_text("You said an error. It says 5.")).to_be_visible()
    for label, sides in STORY[1:]:
        tap(page, label)
        expect_sides(page, *sides)
        page.reload()
        expect_sides(page, *sides)


def test_a_second_visit_does_not_ask_for_the_bet_again(newcomer):
    page = newcomer
    page.goto("/")
    page.goto("/")
    expect(page).to_have_title(re.compile("Sandbox"))


def test_on_a_phone_the_stores_stand_one_above_the_other_and_nothing_scrolls_sideways(visitor):
    page = visitor(viewport=PHONE).new_page()
    page.goto("/")
    for label, sides in STORY:
        tap(page, label)
        expect_sides(page, *sides)
        regions = [page.get_by_role("region", name=name) for name in ("Write store", "Event log", "Read store")]
        boxes = [region.bounding_box() for region in regions]
        assert all(above["y"] + above["height"] <= below["y"] for above, below in pairwise(boxes))
        assert overflow(page) <= 0


def test_each_word_of_the_pattern_is_explained_on_a_tap(newcomer):
    page = newcomer
    page.goto("/")
    for word in ("behind", "projector"):
        page.get_by_role("button", name=word, exact=True).click()
        meaning = page.locator("[popover]:popover-open")
        expect(meaning).to_have_count(1)
        expect(meaning).to_contain_text(re.compile(r"\w+\W+(\w+\W+){5}"))
        page.keyboard.press("Escape")
        expect(meaning).to_have_count(0)


@pytest.mark.parametrize("size", [DESK, LAPTOP, PHONE], ids=["desk", "laptop", "phone"])
def test_no_box_changes_its_height_and_nothing_lies_on_the_line(visitor, size):
    page = visitor(viewport=size).new_page()
    page.goto("/")
    tops = set()
    for label, (_, _, behind) in STORY:
        line, legend = (page.locator(each).bounding_box() for each in ("#lesson .gapline", "#lesson .legend"))
        below = round(line["y"] - page.locator("#lesson").bounding_box()["y"])
        tops.add((below, *(page.locator(f"#lesson .{lane}").bounding_box()["height"] for lane in ("write", "log"))))
        assert line["y"] + line["height"] < legend["y"]
        tap(page, label)
        expect(page.locator("#lesson .gulf b")).to_have_text(str(behind))
    assert len(tops) == 1
