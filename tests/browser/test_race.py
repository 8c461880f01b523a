"""Two shoppers, one rug, as somebody plays it before the page."""

from playwright.sync_api import expect

from tests.browser.visits import enter


def test_the_rug_is_sold_twice_and_then_once(visitor) -> None:
    page = enter(visitor(), path="/race")
    for who, step in (
        ("Ada", "look at the stock"),
        ("Ben", "look at the stock"),
        ("Ada", "decide"),
        ("Ben", "decide"),
        ("Ada", "write the order"),
        ("Ben", "write the order"),
    ):
        page.get_by_role("button", name=f"{who}: {step}").click()
    status = page.get_by_role("status")
    expect(status).to_contain_text("oversold by 1: Ada and Ben were told yes for 1 rug")
    page.get_by_role("button", name="Look again while writing").click()
    expect(page.get_by_role("button", name="Look again while writing")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Show: both look first").click()
    expect(status).to_contain_text("sold once: Ada was told yes, Ben no")
    steps = page.get_by_role("list", name="What they did, in order").get_by_role("listitem")
    expect(steps).to_have_count(6)
    expect(steps.nth(3)).to_contain_text("database is locked")
    expect(steps.nth(3)).to_contain_text("Ada still has the write lock")
    page.reload()
    expect(steps).to_have_count(6)


def test_steps_are_taken_with_the_keyboard_and_the_page_stays_where_it_was(visitor) -> None:
    page = enter(visitor(), path="/race")
    ada = page.locator("button[value='race ada']")
    ada.focus()
    top = page.locator(".buyers").bounding_box()
    page.keyboard.press("Enter")
    expect(ada).to_have_text("Ada: decide")
    expect(ada).to_be_focused()
    assert page.locator(".buyers").bounding_box() == top
