"""``python -m tests.shots``: every page in three sizes, light and dark, into build/shots."""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.pages import STOPS
from tests.browser.visits import CHROMIUM_FLAGS, DESK, LAPTOP, PHONE
from tests.conftest import find_chromium
from tests.serving import ROOT, running

SHOTS = ROOT / "build" / "shots"


def main() -> None:
    chromium = find_chromium() or sys.exit("There is no Chromium on this machine, so there are no pictures.")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home)) as (_, address),
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS) as browser,
    ):
        for stop in STOPS:
            with browser.new_context(base_url=address, reduced_motion="reduce") as context:
                page = stop.come(context)
                for size in (PHONE, LAPTOP, DESK):
                    page.set_viewport_size(size)
                    for scheme in ("light", "dark"):
                        page.emulate_media(color_scheme=scheme)
                        name = re.sub(r"\W+", "-", stop.name)
                        page.screenshot(path=SHOTS / f"{name}-{size['width']}-{scheme}.png", full_page=True)
            print(stop.name, flush=True)
    print(f"The pictures are in {SHOTS}")


if __name__ == "__main__":
    main()
