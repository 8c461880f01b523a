"""B10 and B11: what the first page weighs, and how long after a commit it looks different, in a real Chromium."""

import atexit
import gzip
import re
import sqlite3
import time
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from bench.instrument import Measure, lasting_folder
from bench.server import allowed
from tests.browser.visits import CHROMIUM_FLAGS, act, enter
from tests.conftest import find_chromium
from tests.serving import running

SAMPLES = 15
IDLE_SECONDS = 0.4

# Waits for the read model's cell to say something else, then for the next frame, then for the first task after it:
# by then the frame with the change has been drawn. Date.now() reads the clock of the machine, as the server does
# for the time of the commit, so both are on one clock; it counts whole milliseconds, 2 % of what is allowed.
PAINTED = """() => {
    const cell = () => document.querySelector("#r-product_card-mug .c-in_stock .v")?.textContent;
    const before = cell();
    window.painted = new Promise((done) => {
        const watch = new MutationObserver(() => {
            if (cell() === before || cell().includes("stale")) return;
            watch.disconnect();
            requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => done(Date.now());
                after.port2.postMessage(null);
            });
        });
        watch.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
    });
}"""


@cache
def _home() -> Path:
    return lasting_folder()


@cache
def _opened() -> ExitStack:
    opened = ExitStack()
    atexit.register(opened.close)
    return opened


@cache
def _address() -> str:
    return _opened().enter_context(running(_home()))[1]


@cache
def _page() -> Page:
    """Return the sandbox page in a browser, without an injected delay."""
    playwright = _opened().enter_context(sync_playwright())
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
    _opened().callback(browser.close)
    return enter(browser.new_context(base_url=_address()), "set delay=0")


def first_page(folder: Path) -> float:
    """Return kB of script and style that the first page loads, each file packed by gzip."""
    with urlopen(_address()) as answer:
        html = answer.read().decode()
    inline = re.findall(r"<(?:script|style)\b[^>]*>(.+?)</(?:script|style)>", html, re.DOTALL)
    files = re.findall(r'<script[^>]* src="([^"]+)"|<link rel="stylesheet" href="([^"]+)"', html)
    assert files
    bodies = [text.encode() for text in inline]
    for source, style in files:
        with urlopen(_address() + (source or style)) as answer:
            bodies.append(answer.read())
    return sum(len(gzip.compress(body)) for body in bodies) / 1000


def commit_to_pixel(folder: Path) -> float:
    """Return milliseconds from a command's commit until the row of the read model that it changes is drawn, p50."""
    page = _page()
    times = []
    for _ in range(SAMPLES):
        time.sleep(IDLE_SECONDS)
        page.evaluate(PAINTED)
        position = act(page.context, "cmd restock product=mug qty=1")["position"]
        times.append(page.evaluate("window.painted") - _committed(position))
    return median(times)


def _committed(position: int) -> float:
    """Return when an event had been committed, in milliseconds since 1970, as the sandbox itself noted it."""
    file = next(_home().glob("sandboxes/*/*/lab.db"))
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as lab:
        return lab.execute("SELECT committed_at FROM trace WHERE position = ?", (position,)).fetchone()[0] / 1000


MEASURES = (
    Measure("B10", "script and style of the first page, gzip", "at-most", 40.0, first_page, allowed, unit="kB"),
    Measure("B11", "commit to changed pixel, p50", "at-most", 60.0, commit_to_pixel, allowed, unit="ms"),
)
