"""One server and one Chromium for all browser tests; each visits in a fresh context and must leave no complaint."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.visits import CHROMIUM_FLAGS, DESK, Complaints, enter
from tests.serving import running

PATIENCE_MS = 60_000

USUAL = {"viewport": DESK, "reduced_motion": "reduce"}
"""How a visitor comes who does not say otherwise. What flashes is drawn anew sixty times a second, which takes longer
than what it tells of; newcomers see it, and so does whoever looks at it."""


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    with running(tmp_path_factory.mktemp("home"), module="tests.unhurried") as (_, address):
        yield address


@pytest.fixture(scope="session")
def browser(chromium):
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the browser complains of in any page of the test; a test says beforehand what it provokes."""
    heard = Complaints()
    yield heard
    assert not heard.unexpected()


@pytest.fixture
def visitor(browser, address, complaints):
    """Make visitors: each a context without cookies, as wide as asked for."""
    with ExitStack() as opened:

        def make(base_url=address, **options):
            context = browser.new_context(base_url=base_url, **{**USUAL, **options})
            context.set_default_timeout(PATIENCE_MS)
            opened.callback(context.close)
            complaints.listen(context)
            return context

        yield make


@pytest.fixture
def newcomer(visitor):
    """A page on its very first visit."""
    return visitor(reduced_motion="no-preference").new_page()


@pytest.fixture
def page(visitor):
    """The sandbox page of somebody who has met the shop and done nothing yet."""
    return enter(visitor())
