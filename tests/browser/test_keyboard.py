"""Everything by keyboard: what Tab reaches, what Enter does, and that one always sees where one is."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import enter, expect_gap

pytestmark = pytest.mark.browser

FOCUS_SEEN = """() => {
    const at = document.activeElement;
    const drawn = (element) => {
        const style = getComputedStyle(element);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && style.opacity !== "0";
    };
    return at === document.body || [at, ...(at.labels ?? [])].some(drawn);
}"""


def tab_to(page, target):
    """Press Tab until the target has the focus; at every stop it must be plain to see."""
    for _ in range(150):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_SEEN), page.evaluate("document.activeElement.outerHTML")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never reached {target}")


def test_an_order_is_placed_and_read_with_tab_and_enter_alone(visitor):
    page = enter(visitor(), "set delay=0")
    tab_to(page, page.get_by_role("form", name="Place order").get_by_role("button", name="Place order"))
    page.keyboard.press("Enter")
    expect_gap(page, behind=0, head=6)
    tab_to(page, page.get_by_role("form", name="Product page").get_by_role("button", name="Read", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#page-seen")).to_contain_text("3 in stock")


def test_tab_goes_through_the_whole_page_and_the_focus_is_always_seen(visitor):
    page = enter(visitor(), "pause", "cmd place_order customer=c1 product=lamp qty=2")
    tab_to(page, page.get_by_role("link", name="Skip to the content"))
    tab_to(page, page.get_by_role("button", name="Do it"))


def test_the_first_tab_skips_to_the_content(page):
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_another_command_is_chosen_with_arrows_and_a_menu_closes_on_escape(page):
    page.get_by_role("radio", name="Place order").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("form", name="Restock")).to_be_visible()
    summary = page.get_by_role("group", name="Which command").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="Ship order")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("radio", name="Ship order")).not_to_be_visible()
    expect(summary).to_be_focused()


def test_a_dialog_opens_with_enter_closes_with_escape_and_gives_the_focus_back(page):
    link = page.get_by_role("link", name="Schema of the write store")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
