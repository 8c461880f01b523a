"""Presenter view shows no names: wherever a table says who somebody is, the cell can be hidden, and it is marked."""

import pytest
from bs4 import BeautifulSoup, NavigableString

from lab import own_text
from lab.actions import ModelWrite
from lab.projections import BUILT_IN
from tests.web.visits import act

COPY = own_text.copied(BUILT_IN["customer_card"].source, "mine")
PAGES = (
    "/",
    "/table/write/customers",
    "/table/write/orders",
    "/table/write/commands",
    "/table/read/customer_card",
    "/table/read/mine",
    "/row/customer_card/c1",
    "/row/mine/c1",
    "/event/6",
    "/event/7",
    "/models/mine/edit",
)


def is_hidden(text: NavigableString) -> bool:
    """Whether the style sheet hides it: it hides the elements in a marked cell, and no bare text."""
    cell = text.find_parent(["td", "dd"])
    return "person" in cell.get("class", []) and text.parent is not cell


def named(html: str) -> list[NavigableString]:
    cells = BeautifulSoup(html, "html.parser").select("td, dd")
    return [text for cell in cells for text in cell.find_all(string=True) if "Ada" in text]


@pytest.fixture
def shop(learner):
    for line in (
        str(ModelWrite("mine", COPY)),
        "cmd place_order customer=c1 product=lamp qty=1",
        "cmd register_customer customer=c9 name=Ada email=a@b.test",
        "run",
        "query customer_card",
    ):
        assert act(learner, line)["outcome"] in ("done", "accepted"), line
    return learner


def test_every_cell_that_names_somebody_can_be_hidden(shop):
    found = {page: named(shop.get(page).text) for page in PAGES}
    dry = shop.post("/models/edit", data={"name": "other", "source": own_text.renamed(COPY, "other"), "do": "try"})
    found["the dry run"] = named(dry.text)
    assert [page for page, texts in found.items() if not texts] == []
    assert {page: open for page, texts in found.items() if (open := [t for t in texts if not is_hidden(t)])} == {}


def test_the_names_of_things_are_shown(shop):
    for page in ("/table/write/products", "/table/read/product_card", "/row/product_card/lamp"):
        cells = BeautifulSoup(shop.get(page).text, "html.parser").select("td, dd")
        assert [cell for cell in cells if "Lamp" in cell.text and "person" not in cell.get("class", [])], page
