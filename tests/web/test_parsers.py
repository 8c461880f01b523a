"""A page is the same for a simple parser as for a browser: the other tests may then read pages with the simple one."""

from bs4 import BeautifulSoup

from lab.lesson_files import lessons
from tests.web.routes import addresses
from tests.web.test_partials import LINES
from tests.web.visits import act

UNWRITTEN = {"html", "head", "body", "tbody"}
"""What a browser adds of its own."""


def elements(text, parser):
    """Every element of a page with those it stands in."""
    for element in BeautifulSoup(text, parser).find_all(lambda found: found.name not in UNWRITTEN):
        path = [element, *(outer for outer in element.parents if outer.name not in UNWRITTEN)]
        yield [(outer.name, outer.get("id")) for outer in path]


def test_every_page_is_the_same_for_a_simple_parser_as_for_a_browser(learner):
    for line in ("set delay=0", *LINES):
        act(learner, line)
    compared = 0
    for address in [*addresses("GET"), *(f"/lessons/{id}" for id in lessons())]:
        response = learner.get(address, buffered=False)
        if response.mimetype == "text/html" and response.text.lstrip().startswith("<!doctype html>"):
            assert list(elements(response.text, "html.parser")) == list(elements(response.text, "html5lib")), address
            compared += 1
        response.close()
    assert compared > 30
