"""The SQL pane in a browser: the editor comes only there, breaks no rule of the CSP, and gives the keyboard back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import LAPTOP, PHONE, REFUSED, act, enter, overflow

pytestmark = pytest.mark.browser


def opened(page, store="read"):
    page.get_by_role("link", name=f"Ask the {store} store in SQL").click()
    expect(page.locator("#sql-editor .cm-content")).to_be_visible()


def editor(page):
    return page.get_by_role("textbox", name="Your question to the")


def typed(page, text):
    """Type as a person does, in the place of what stands there."""
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def figures(page):
    return page.locator("#sql-answer .figures")


def test_the_editor_is_brought_only_where_sql_is_typed_and_breaks_no_rule(visitor):
    context = visitor()
    page = enter(context)
    brought = []
    page.on("request", lambda request: brought.append(request.url.rsplit("/", 1)[-1]))
    page.reload()
    expect(page.locator("#status")).to_be_visible()
    assert not [name for name in brought if "editor" in name]
    opened(page)
    assert {"editor.js", "editor.min.js"} <= set(brought)
    page.evaluate("""() => {
        window.broken = [];
        document.addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
    }""")
    typed(page, "SELECT name, (price_cents) FROM product_card WHERE name = 'Lamp' -- dear")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("SELECT pr")
    # What was offered for SELECT may stand there a moment longer.
    page.locator("#sql-editor [role=option]", has_text=re.compile("product_id|price_cents")).first.click()
    expect(editor(page)).to_have_text(re.compile("^SELECT pr(oduct_id|ice_cents)$"))
    page.keyboard.type(" FROM product_card")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("3 rows")
    assert page.evaluate("window.broken") == []
    assert page.evaluate("document.getElementById('sql-editor').shadowRoot.adoptedStyleSheets.length") > 0
    assert page.evaluate("document.querySelectorAll('style').length") == 0


def test_a_question_is_typed_asked_by_keyboard_and_mended_where_the_wave_is(page, complaints):
    complaints.provoke(REFUSED)
    opened(page, "write")
    typed(page, "SELECT id, custmer_id\nFROM orders")
    page.keyboard.press("ControlOrMeta+Enter")
    alert = page.locator("#sql-answer").get_by_role("alert")
    expect(alert).to_contain_text("no such column: custmer_id")
    expect(alert.locator("mark")).to_have_text("custmer_id")
    expect(page.locator("#sql-editor .cm-lintRange-error")).to_have_text("custmer_id")
    typed(page, "SELECT id, customer_id FROM orders")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#sql-answer")).to_contain_text("No row")
    expect(page.locator("#sql-editor .cm-lintRange-error")).to_have_count(0)
    expect(page.locator("#sql-history li")).to_have_count(2)


def test_an_answer_says_when_the_editor_holds_another_text_and_is_told_aloud_in_one_place(page):
    opened(page)
    typed(page, "SELECT 1 AS one")
    page.evaluate("window.told = document.getElementById('sql-said')")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("1 row")
    assert page.evaluate("window.told.isConnected && window.told.role === 'status'")
    expect(page.locator(".asked code")).to_have_text("SELECT 1 AS one")
    other = page.locator(".asked-other")
    expect(other).to_be_hidden()
    page.keyboard.type(", 2 AS two")
    expect(other).to_be_visible()
    for _ in ", 2 AS two":
        page.keyboard.press("Backspace")
    expect(other).to_be_hidden()
    page.keyboard.type("s")
    page.get_by_role("button", name="One customer's card").click()
    expect(page.locator("#sql-answer")).to_contain_text("a question of its own")
    expect(editor(page)).to_have_text("SELECT 1 AS ones")
    page.get_by_role("region", name="The write store's answer").get_by_role(
        "link", name="Put it into the editor"
    ).click()
    expect(editor(page)).to_contain_text("FROM customers")
    expect(page.get_by_text("Your question to the write store")).to_be_visible()


def test_the_first_key_takes_the_place_of_what_the_pane_began_with_and_a_table_is_put_behind_it(page):
    opened(page)
    page.get_by_role("button", name="Put sales into the editor").click()
    expect(editor(page)).to_have_text("SELECT * FROM sales, sales")
    typed(page, "SELECT * FROM")
    page.get_by_role("button", name="Put sales into the editor").click()
    expect(editor(page)).to_have_text("SELECT * FROM sales")
    page.evaluate("sessionStorage.clear()")
    page.goto("/sql/read")
    expect(page.locator("#sql-editor .cm-content")).to_have_text("SELECT * FROM sales")
    page.keyboard.type("SELECT 2")
    expect(editor(page)).to_have_text("SELECT 2")


def test_what_is_typed_before_the_editor_has_come_takes_the_place_of_the_example_too(page):
    held = []
    page.route("**/editor.min.js", lambda route: held.append(route))
    with page.expect_request("**/editor.min.js"):
        page.goto("/sql/read")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type("SELECT 2")
    held.pop().continue_()
    expect(page.locator("#sql-editor .cm-content")).to_have_text("SELECT 2")
    page.keyboard.type(" AS two")
    expect(editor(page)).to_have_text("SELECT 2 AS two")


def test_who_clicks_below_the_text_can_type_and_ctrl_enter_asks_from_the_button_too(page):
    opened(page)
    typed(page, "SELECT 1")
    box = page.locator("#sql-editor").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 8)
    page.keyboard.type(" + 1 AS two")
    expect(editor(page)).to_have_text("SELECT 1 + 1 AS two")
    page.get_by_role("button", name="Ask", exact=True).focus()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("1 row")


def test_what_was_asked_before_is_asked_again_by_one_click(page):
    opened(page)
    typed(page, "SELECT 'first'")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("1 row")
    page.get_by_role("link", name="Write store write.db").click()
    expect(figures(page)).to_have_count(0)
    page.get_by_role("button", name="Ask again: SELECT 'first'").click()
    expect(figures(page)).to_contain_text("1 row")
    expect(editor(page)).to_have_text("SELECT 'first'")
    expect(page.locator("#sql-history li")).to_contain_text("asked 2 times")


def test_who_comes_back_to_a_store_finds_its_answer_and_an_error_marks_only_the_text_that_was_asked(page, complaints):
    complaints.provoke(REFUSED)
    opened(page)
    typed(page, "SELECT nam FROM product_card")
    page.keyboard.press("ControlOrMeta+Enter")
    wave = page.locator("#sql-editor .cm-lintRange-error")
    expect(wave).to_have_text("nam")
    page.get_by_role("link", name="Write store write.db").click()
    expect(editor(page)).to_have_text("SELECT * FROM orders")
    expect(wave).to_have_count(0)
    page.get_by_role("link", name="Read store read.db").click()
    expect(page.locator("#sql-answer")).to_contain_text("no such column: nam")
    expect(wave).to_have_text("nam")
    typed(page, "SELECT 'a draft', nam FROM product_card")
    page.get_by_role("link", name="Write store write.db").click()
    expect(editor(page)).to_have_text("SELECT * FROM orders")
    page.get_by_role("link", name="Read store read.db").click()
    expect(editor(page)).to_have_text("SELECT 'a draft', nam FROM product_card")
    expect(page.locator("#sql-answer .asked-other")).to_be_visible()
    expect(page.locator("#sql-answer .went-wrong mark")).to_have_text("nam")
    expect(wave).to_have_count(0)


def test_an_older_answer_is_asked_again_by_keyboard_and_the_keyboard_stays_in_the_pane(visitor):
    context = visitor()
    page = enter(context, 'sql write "SELECT count(*) AS orders FROM orders"')
    assert act(context, "cmd place_order customer=c1 product=lamp qty=1")["outcome"] == "accepted"
    opened(page, "write")
    expect(page.locator(".since-then")).to_contain_text("it stands at event #6 now")
    expect(page.locator(".answer-rows td")).to_have_text("0")
    page.get_by_role("button", name="Ask again now").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".answer-rows td")).to_have_text("1")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_focused()


def test_behind_the_pane_the_page_has_no_bar_of_its_own(visitor):
    page = enter(visitor(viewport=LAPTOP))
    root = page.locator("html")
    assert root.evaluate("(root) => root.scrollHeight > root.clientHeight")
    opened(page)
    assert page.get_by_role("dialog").evaluate("(dialog) => dialog.scrollHeight > dialog.clientHeight")
    expect(root).to_have_css("overflow-y", "hidden")
    page.get_by_role("button", name="Close").click()
    expect(root).to_have_css("overflow-y", "visible")


def test_many_and_long_columns_scroll_in_a_box_of_their_own_at_every_size(visitor):
    many = "SELECT " + ", ".join(f"'value {n}' AS column_{n}" for n in range(40)) + ", printf('%.*c', 900, 'x') AS long"
    page = enter(visitor())
    opened(page)
    editor(page).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(many)
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("1 row")
    box = page.get_by_role("region", name="Rows of the answer")
    for viewport in (LAPTOP, PHONE):
        page.set_viewport_size(viewport)
        assert overflow(page) <= 0
        assert page.get_by_role("dialog").evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")
        assert box.evaluate("(box) => box.scrollWidth > box.clientWidth")
        assert box.locator("td").last.evaluate("(cell) => cell.offsetWidth < 500 && cell.offsetHeight < 200")


def test_enter_is_a_new_line_whatever_is_offered_and_tab_takes_the_first_of_it(page):
    page.clock.install()
    opened(page)
    offered = page.locator("#sql-editor [role=option]")
    typed(page, "SELECT 1 FROM product_card AS n")
    page.clock.run_for(300)
    expect(offered).to_have_count(0)
    for text in ("SELECT name", "SELECT na"):
        typed(page, text)
        expect(offered.first).to_be_visible()
        page.keyboard.press("Enter")
        assert page.input_value("#sql-text") == text + "\n"
    typed(page, "SELECT pr")
    expect(offered.first).to_be_visible()
    page.clock.run_for(100)
    page.keyboard.press("Tab")
    assert page.input_value("#sql-text") in ("SELECT price_cents", "SELECT product_id")
    expect(editor(page)).to_be_focused()


def test_behind_from_tables_are_offered_and_taken_by_keyboard(page):
    page.clock.install()
    opened(page)
    typed(page, "SELECT * FROM pro")
    offered = page.locator("#sql-editor [role=option]")
    expect(offered.first).to_contain_text("product_card")
    expect(page.locator("#sql-editor [role=option]", has_text="product_id")).to_have_count(0)
    page.clock.run_for(100)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(figures(page)).to_contain_text("3 rows")
    page.keyboard.press("Escape")
    for stop in ("What is allowed", "What was asked", "Rows of the answer"):
        page.keyboard.press("Tab")
        assert stop in page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")


def test_escape_leads_out_of_the_editor_and_then_out_of_the_dialog_and_the_draft_stays(page):
    opened(page)
    typed(page, "SELECT 'a draft'")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    opened(page)
    expect(editor(page)).to_have_text("SELECT 'a draft'")
    page.get_by_role("link", name="Write store write.db").click()
    expect(editor(page)).to_have_text("SELECT * FROM orders")
    page.get_by_role("link", name="Read store read.db").click()
    expect(editor(page)).to_have_text("SELECT 'a draft'")
    editor(page).click()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    expect(editor(page)).not_to_be_focused()


def test_a_question_to_begin_with_and_one_asked_before_stand_in_the_editor_again(page):
    opened(page)
    page.get_by_role("button", name="How far has each read model come?").click()
    expect(figures(page)).to_contain_text("5 rows")
    expect(editor(page)).to_contain_text("FROM _checkpoint")
    typed(page, "SELECT 1 AS one")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(figures(page)).to_contain_text("1 row")
    page.get_by_role("link", name="SELECT name, position, status").click()
    expect(editor(page)).to_contain_text("FROM _checkpoint")
    page.get_by_role("button", name="How far has each read model come?").click()
    expect(figures(page)).to_contain_text("5 rows")


def test_what_is_typed_before_the_editor_is_there_stands_in_it(visitor):
    page = enter(visitor())
    held = []
    page.route("**/editor.min.js", lambda route: held.append(route))
    with page.expect_request("**/editor.min.js"):
        page.get_by_role("link", name="Ask the read store in SQL").click()
    editor(page).fill("SELECT 'early")
    held[0].continue_()
    expect(page.locator("#sql-editor .cm-content")).to_be_focused()
    page.keyboard.type(" bird'")
    expect(page.locator("#sql-editor .cm-content")).to_have_text("SELECT 'early bird'")


def test_what_is_typed_survives_news_from_the_stream(visitor):
    context = visitor()
    page = enter(context)
    opened(page)
    typed(page, "SELECT 'kept'")
    context.request.post("/actions", form={"line": "cmd restock product=lamp qty=7"})
    expect(page.locator("#status")).to_contain_text("head #6")
    expect(editor(page)).to_have_text("SELECT 'kept'")
    expect(editor(page)).to_be_focused()


def test_the_two_sides_of_a_pair_line_up_and_who_asks_again_stays_where_they_are(page):
    opened(page)
    page.get_by_role("button", name="One customer's card").click()
    expect(page.locator(".both-sides pre")).to_have_count(2)
    for part in ("pre", ".answer-rows"):
        left, right = (page.locator(f".both-sides {part}").nth(n).bounding_box() for n in (0, 1))
        assert left["y"] == right["y"]
    again = page.locator("#sql-history button").nth(1)
    name = again.get_attribute("id")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sql-history button").first).to_have_attribute("id", name)
    expect(page.locator(f"#{name}")).to_be_focused()


def test_both_stores_are_compared_and_fit_on_a_phone(visitor):
    page = enter(visitor(viewport=PHONE), "set delay=0", "bulk 20", "query order_list via=wait")
    opened(page)
    page.get_by_role("button", name="One customer's card").click()
    expect(page.locator("#sql-answer")).to_contain_text(re.compile(r"write store (?:at least )?[\d.]+ times the work"))
    expect(page.locator("#sql-answer [role=status]").first).to_be_in_viewport()
    assert overflow(page) <= 0


def test_the_rows_come_as_a_file(page):
    opened(page)
    page.get_by_role("button", name="What sells best?").click()
    expect(page.locator("#sql-answer")).to_contain_text("No row")
    page.get_by_role("button", name="One product by its key").click()
    expect(figures(page)).to_contain_text("1 row")
    with page.expect_download() as file:
        page.get_by_role("button", name="Download CSV").click()
    assert file.value.path().read_text().splitlines() == ["name,price_cents,in_stock", "Lamp,2500,5"]


def test_without_a_script_it_is_a_page_with_a_textarea(visitor, complaints):
    complaints.provoke(REFUSED)
    page = enter(visitor(java_script_enabled=False))
    page.get_by_role("link", name="Ask the read store in SQL").click()
    question = page.get_by_label("Your question to the read store")
    question.fill("SELECT nam FROM product_card")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Did you mean name?")
    expect(question).to_have_value("SELECT nam FROM product_card")
    page.get_by_role("button", name="One product by its key").click()
    expect(page.locator("#sql-answer")).to_contain_text("Lamp")
