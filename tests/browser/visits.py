"""What the browser tests do again and again, in the words of somebody who sits before the page."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

IDLE_PARTS = (
    # Each window would begin a process for the pages that may drop down below its address line.
    "PreloadTopChromeWebUI",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # A second process would begin beside each page, for the next one.
    "SpareRendererForSitePerProcess",
    # What Playwright switches off itself: a second list takes the place of its own.
    "AimEnabled",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Parts of Chromium that no test needs, and that take longer to begin than most pages of ours."""

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-features=" + ",".join(IDLE_PARTS),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 720}
DESK = {"width": 1440, "height": 900}

REFUSED = "status of 422"
"""What Chromium writes to its console when a command is refused, though all is well."""


class Complaints:
    """Errors and warnings of the console, a broken rule of the CSP among them, and exceptions in a page's script."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._provoked: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._note)
        context.on("weberror", lambda error: self._heard.append(str(error.error)))

    def provoke(self, text: str) -> None:
        """Say that the test itself will cause complaints of this kind."""
        self._provoked.append(text)

    def unexpected(self) -> list[str]:
        return [text for text in self._heard if not any(provoked in text for provoked in self._provoked)]

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._heard.append(f"{message.text} at {message.location.get('url', '')}")


def act(context: BrowserContext, line: str) -> dict:
    """Send an action line as a script of the same visitor would."""
    return context.request.post("/actions", form={"line": line}, headers={"Accept": "application/json"}).json()


def enter(context: BrowserContext, *lines: str, path: str = "/", page: Page | None = None) -> Page:
    """Open the sandbox past the first sixty seconds, after these lines, in a new tab unless one is given."""
    context.request.get("/lessons/L00")
    for line in lines:
        answer = act(context, line)
        assert answer["outcome"] in ("accepted", "done"), answer
    page = page or context.new_page()
    page.goto(path)
    return page


def composer(page: Page, command: str) -> Locator:
    return page.get_by_role("form", name=command, exact=True)


def place_order(page: Page, product: str = "Lamp", qty: int = 2) -> None:
    """Place an order with the blue composer."""
    form = composer(page, "Place order")
    form.get_by_role("combobox", name="Product", exact=True).select_option(product)
    form.get_by_role("spinbutton", name="Qty").first.fill(str(qty))
    form.get_by_role("button", name="Place order").click()


def read_page(page: Page, product: str = "Lamp") -> None:
    """Read the product's page with the green composer."""
    form = composer(page, "Product page")
    form.get_by_role("combobox", name="Product", exact=True).select_option(product)
    form.get_by_role("button", name="Read", exact=True).click()


def do(page: Page, line: str) -> None:
    """Type an action line."""
    page.get_by_role("textbox", name="Action line").fill(line)
    page.get_by_role("button", name="Do it").click()
    expect(page.locator("#answer-line")).to_contain_text(re.compile("accepted|done|refused|failed"))


def expect_gap(page: Page, behind: int, head: int) -> None:
    """Expect the header to say where the head is, and how far the slowest read model is behind."""
    expect(page.locator("#status")).to_contain_text(f"head #{head} · {behind} behind")


def count_updates(page: Page) -> None:
    """Begin to count the messages of the live stream, on the root element, which no message touches."""
    page.evaluate("""() => {
        const root = document.documentElement;
        root.dataset.updates = "";
        document.addEventListener("htmx:sse:after:message", () => { root.dataset.updates += "|"; }, true);
    }""")


def expect_updates(page: Page, count: int) -> None:
    """Expect that at least so many messages come."""
    expect(page.locator("html")).to_have_attribute("data-updates", re.compile(rf"\|{{{count}}}"))


def overflow(page: Page) -> int:
    """Return by how many pixels the page, or what scrolls in its place, is wider than there is room for."""
    return page.evaluate("""() => {
        const root = document.documentElement, main = document.querySelector("main");
        const wide = root.scrollWidth - Math.ceil(root.getBoundingClientRect().width);
        return Math.max(wide, main ? main.scrollWidth - main.clientWidth : 0);
    }""")
