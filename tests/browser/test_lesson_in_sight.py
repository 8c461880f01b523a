"""What a lesson asks next is in sight and can be answered: beside its sandbox, behind a sheet, on a phone."""

import pytest
from playwright.sync_api import expect

from lab.lesson_files import lessons
from lab.lesson_progress import Progress, Standing, exported
from tests.browser.learner import Learner
from tests.browser.visits import PHONE

pytestmark = pytest.mark.browser

PASSED = "2026-11-23T12:00:00Z"
BORDERLINE = {"viewport": {"width": 1280, "height": 800}}
LESSONS = [lesson for lesson in lessons().values() if lesson.module]


def test_the_task_of_every_lesson_is_in_sight_though_an_old_question_stands_above_it(visitor):
    page = visitor(**BORDERLINE).new_page()
    page.goto("/lessons")
    played = {lesson.id: Standing(lesson.revision, begun=PASSED, passed=PASSED) for lesson in LESSONS}
    file = {"name": "p.json", "mimeType": "application/json", "buffer": exported(Progress(lessons=played))}
    page.set_input_files("input[name=file]", files=[file])
    page.get_by_role("button", name="Bring it in").click()
    for lesson in LESSONS:
        page.goto(f"/lessons/{lesson.id}")
        expect(page.locator(".look-back")).to_have_count(int(lesson.retrieval is not None))
        task = page.locator("#step-1 legend" if lesson.step[0].predict else "#step-1 .prose")
        expect(task).to_be_in_viewport(ratio=1)


def test_a_sheet_over_a_lesson_that_asks_for_a_bet_says_so_and_its_last_line_is_told_behind_it(visitor, complaints):
    complaints.provoke("status of 422")
    learner = Learner(visitor(**BORDERLINE).new_page(), lessons()["L09"])
    page = learner.page
    learner.do("cmd place_order customer=c1 product=mug qty=2")
    page.get_by_role("link", name="Break sales").click()
    sheet = page.locator("dialog[open]")
    expect(sheet.locator(".bet-waits")).to_be_hidden()
    for line in ("crash sales before_checkpoint", "run sales"):
        with learner.answered():
            sheet.locator(f"button[value='{line}']").first.click()
    sheet.get_by_role("button", name="Close this, and bet").click()
    expect(page.locator("#answer-line")).to_contain_text("run sales")
    learner.bet(1, choice=0)


def test_the_question_at_the_end_comes_into_sight_by_itself(visitor):
    lesson = lessons()["L04"]
    learner = Learner(visitor(**BORDERLINE).new_page(), lesson)
    for line in lesson.reference.lines:
        learner.do(line.replace(" order=o1", ""))
    expect(learner.page.locator("#concept")).to_be_in_viewport(ratio=0.9)


def test_on_a_phone_the_door_names_its_newest_events(visitor):
    page = visitor(viewport=PHONE).new_page()
    page.goto("/")
    strip = page.get_by_role("region", name="Event log")
    expect(strip.get_by_text("ProductAdded").filter(visible=True)).to_have_count(3)
    expect(strip).to_contain_text("2 events")
