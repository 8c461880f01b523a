"""Names that try to be more than names stay names, everywhere they are shown."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import DESK, LAPTOP, PHONE, enter, expect_gap, overflow, place_order, read_page
from tests.web.payloads import PAYLOADS as TEXTS
from tests.web.payloads import fill

pytestmark = pytest.mark.browser

PAYLOADS = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    '"><svg onload=window.__xss=1>',
    "' onfocus='window.__xss=1' autofocus='",
    "</hx-partial><hx-partial hx-target='#log'><b id=__xss>",
    "</script></title></textarea><iframe srcdoc='<script>parent.__xss=1</script>'>",
    "{{ 7*7 }}{% raw %}${7*7} data: __xss",
    "javascript:window.__xss=1//",
)

FOREIGN = """() => [window.__xss, ...document.querySelectorAll(
    "#__xss, img, iframe, object, embed, script:not([src^='/static/']), [onerror], [onload], [onfocus], [autofocus]")
].filter(Boolean).map((found) => found.outerHTML ?? String(found))"""


def name_things(context, name, number):
    """Give a product and a customer this name, as a script would."""
    for fields in (
        {"verb": "add_product", "product": f"p{number}", "name": name, "price": "1.00", "stock": "9"},
        {"verb": "register_customer", "customer": f"x{number}", "name": name, "email": f"x{number}@example.test"},
        {"verb": "place_order", "customer": f"x{number}", "product": f"p{number}", "qty": "1"},
    ):
        answer = context.request.post("/actions", form=fields, headers={"Accept": "application/json"}).json()
        assert answer["outcome"] == "accepted", answer


def look_into(page, link):
    """Open what a link opens in a dialog, find nothing foreign in the page, and close it."""
    page.get_by_role("link", name=link).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(FOREIGN) == [], link
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_names_are_shown_as_they_were_typed_and_run_nowhere(visitor):
    context = visitor()
    page = enter(context, "set delay=0")
    for number, name in enumerate(PAYLOADS):
        name_things(context, name, number)
    head = 5 + 3 * len(PAYLOADS)
    expect_gap(page, behind=0, head=head)
    for number, name in enumerate(PAYLOADS):
        place_order(page, product=name, qty=1)
        expect_gap(page, behind=0, head=head + number + 1)
        read_page(page, product=name)
        expect(page.locator("#page-seen")).to_contain_text(name)
        look_into(page, f"where product_card p{number} comes from")
        look_into(page, f"#{head + number + 1} OrderPlaced")
    for link in ("rows in order_lines", "Share"):
        look_into(page, link)
    page.reload()
    for number, name in enumerate(PAYLOADS):
        expect(page.locator(f"#r-product_card-p{number} .c-name")).to_have_text(name)
    assert page.evaluate(FOREIGN) == []


FULL_OF_TEXTS = (
    "/",
    "/?presenter=1",
    "/sql/read",
    "/sql/read?n=21",
    "/models",
    "/models/m0/edit",
    "/schema/read",
    "/break/order_list",
    "/travel?at=9&since=7",
    "/table/write/commands",
    "/table/read/m0",
    "/log",
    "/open?lines=%3Cimg%20src=x%20onerror=window.__xss=1%3E",
)


class Sender:
    """A visitor's browser, as ``payloads.fill`` sends lines with it."""

    def __init__(self, context):
        self._context = context

    def post(self, address, data, headers):
        answer = self._context.request.post(address, form=data, headers=headers)
        return type("Answer", (), {"get_json": staticmethod(answer.json)})


def test_a_sandbox_full_of_such_texts_runs_none_of_them_on_any_page(visitor, complaints):
    context = visitor()
    page = enter(context)
    fill(Sender(context), TEXTS[:6])
    for path in FULL_OF_TEXTS:
        page.goto(path)
        expect(page.locator("main")).to_be_visible()
        assert page.evaluate("window.__xss") is None, path
        assert page.evaluate("document.querySelectorAll('[data-xss]').length") == 0, path
    assert complaints.unexpected() == []


@pytest.mark.parametrize("path", ["/open?lines={}", "/nowhere/{}", "/lessons/{}", "/row/product_card/{}"])
def test_an_address_that_tries_to_be_more_is_shown_as_text_or_not_at_all(visitor, complaints, path):
    complaints.provoke("status of 404")
    page = enter(visitor(), path=path.format("%3C%2Ftextarea%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.__xss%3D1%3E"))
    assert page.evaluate(FOREIGN) == []


def test_names_of_two_hundred_letters_make_no_page_wider(visitor):
    context = visitor()
    page = enter(context, "set delay=0")
    name_things(context, "W" * 200, 1)
    expect_gap(page, behind=0, head=8)
    read_page(page, product="W" * 200)
    expect(page.locator("#page-seen")).to_contain_text("WWW")
    for path in ("/", "/?presenter=1", "/row/product_card/p1", "/event/8", "/table/write/commands", "/share"):
        page.goto(path)
        for size in (PHONE, LAPTOP, DESK):
            page.set_viewport_size(size)
            assert overflow(page) <= 0, (path, size)
