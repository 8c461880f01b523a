"""Progress goes from one browser to another as a file, and can be forgotten; none of it needs JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from lab import limits

pytestmark = pytest.mark.browser


def the_map(visitor):
    page = visitor(java_script_enabled=False).new_page()
    page.goto("/lessons")
    return page


def bring(page, file):
    page.get_by_label("progress file").set_input_files(file)
    page.get_by_role("button", name="Bring it in").click()


def test_a_bet_goes_along_to_another_browser_and_leads_back_to_its_step(visitor, tmp_path):
    page = the_map(visitor)
    page.get_by_role("link", name="The first sixty seconds").click()
    page.locator("#lesson .bet button").first.click()
    page.get_by_role("navigation").get_by_role("link", name="Lessons").click()
    expect(page.locator("#L00 .stand")).to_have_text("step 2 of 3")
    with page.expect_download() as download:
        page.get_by_role("link", name="Take my progress along").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    other = the_map(visitor)
    bring(other, file)
    expect(other.get_by_role("status")).to_have_text(re.compile("Brought in"))
    other.get_by_role("link", name="The first sixty seconds").click()
    expect(other.locator("#lesson .dots")).to_have_attribute("aria-label", "Step 2 of 3")

    other.goto("/lessons")
    other.get_by_text("Forget my progress").click()
    other.get_by_role("button", name="Forget it").click()
    expect(other.locator("#L00 .stand")).to_have_text("next")


def test_a_file_that_is_far_too_large_is_told_so_on_the_map(visitor, complaints, tmp_path):
    complaints.provoke("status of 413")
    page = the_map(visitor)
    file = tmp_path / "holiday.json"
    file.write_bytes(b" " * (20 * limits.MAX_BODY_BYTES))
    bring(page, file)
    expect(page.get_by_role("alert")).to_contain_text("too large")
    expect(page.get_by_role("link", name="The gap")).to_be_visible()
