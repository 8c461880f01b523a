"""Every lesson is walked with clicks and keys alone: through its reference, and once astray and back by its hint.

Who comes back goes through the rest of the reference too, so the suite walks each lesson in one of both ways, in turn;
`make lessons` walks each in both.
"""

import os
import re
from contextlib import closing
from itertools import takewhile

import pytest
from playwright.sync_api import expect

from lab.lesson_files import lessons
from lab.lessons import current, passed
from lab.sandbox import Sandbox
from tests.browser.learner import Learner

pytestmark = pytest.mark.browser

DOOR = lessons()["L00"]
LESSONS = [lesson for lesson in lessons().values() if lesson.module]
EVERY = 1 if os.environ.get("LAGOON_WALKS") == "all" else 2


def by_id(lesson):
    return lesson.id


def stands(lesson, lines, folder):
    """Return where a lesson stands before each line and at the end: the step, and the checks that pass."""
    with closing(Sandbox.create(folder / lesson.id, lesson.fixture, "manual", lesson.setup)) as sandbox:
        found = []
        for line in [None, *lines]:
            if line is not None:
                sandbox.act(line)
            ok = passed(lesson, sandbox)
            found.append((current(lesson, ok), {name for name, holds in ok.items() if holds}))
        return found


def take(learner, lines, states, bets):
    """Do these lines, each after the bet of its step; see what the lesson says; return the presses up to each."""
    presses = []
    for (step, ok), line in zip(states, [*lines, None], strict=True):
        learner.expect_step(step, ok)
        presses.append(learner.presses)
        if line is not None:
            if step not in bets and step < len(learner.lesson.step) and learner.lesson.step[step].predict:
                bets[step] = learner.bet(step, choice=len(bets))
            learner.do(line)
    return presses


def without_order_ids(lines):
    """Leave out the ids of new orders, which a learner does not choose; the page gives each order its own."""
    return [re.sub(r" order=\S+", "", line) if line.startswith("cmd place_order ") else line for line in lines]


@pytest.mark.parametrize("lesson", LESSONS[::EVERY], ids=by_id)
def test_a_lesson_is_walked_through_its_reference_with_clicks_and_keys_alone(visitor, complaints, tmp_path, lesson):
    complaints.provoke("status of 4")
    learner = Learner(visitor().new_page(), lesson)
    learner.look_back()
    bets = {}
    lines = without_order_ids(lesson.reference.lines)
    take(learner, lines, stands(lesson, lesson.reference.lines, tmp_path), bets)
    for step, said in bets.items():
        learner.expect_reveal(step, said)
    learner.conclude(wrong_first=False)
    assert learner.typed == []


@pytest.mark.parametrize("lesson", LESSONS[EVERY - 1 :: EVERY], ids=by_id)
def test_who_goes_astray_is_helped_by_the_hint_and_comes_back_by_undo(visitor, complaints, tmp_path, lesson):
    complaints.provoke("status of 4")
    learner = Learner(visitor().new_page(), lesson)
    reference, bets = lesson.reference.lines, {}
    states = stands(lesson, reference, tmp_path / "right")
    road = lesson.wrong[0]
    presses = take(learner, road.lines, stands(lesson, road.lines, tmp_path / "wrong"), bets)
    learner.ask_for_hints(road.hint)
    shared = len([*takewhile(lambda pair: pair[0] == pair[1], zip(road.lines, reference, strict=False))])
    learner.undo(learner.presses - presses[shared])
    take(learner, without_order_ids(reference[shared:]), states[shared:], bets)
    learner.conclude(wrong_first=True)


def test_the_door_is_walked_with_keys_alone(visitor):
    page = visitor().new_page()
    page.goto(f"/lessons/{DOOR.id}")
    for number, step in enumerate(DOOR.step, start=1):
        expect(page.locator("#lesson .dots")).to_have_attribute("aria-label", f"Step {number} of {len(DOOR.step)}")
        presses = len(step.button) if step.button else 1
        for _ in range(presses):
            with page.expect_response(lambda response: response.request.method == "POST"):
                page.keyboard.press("1")
    expect(page.locator("#lesson .doors a")).to_have_count(len(DOOR.end.door))
