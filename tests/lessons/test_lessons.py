"""Every lesson, held to its word: the gates say nothing, and the roads of others come out as expected."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab import lesson_roads, lessons
from lab.lesson_check import check, files
from lab.lesson_files import Lesson
from lab.lesson_files import lessons as all_lessons
from lab.lesson_progress import Progress
from lab.sandbox import Sandbox

EVERY = 3
"""The suite drives every third road of a table, `make lessons` every one."""

MONKEYS = 20
"""So many runs at random the suite makes of each lesson, `make lessons` many more."""

ROADS = sorted(Path(__file__).with_name("roads").glob("*.tsv"))

OPENER = all_lessons()["L00"]


@pytest.mark.long
@pytest.mark.parametrize("path", files([]), ids=lambda path: path.stem)
def test_a_lesson_passes_every_gate(path: Path) -> None:
    report = check(path, monkeys=MONKEYS)
    assert list(map(str, report.problems)) == []
    assert report.replays > 2 * MONKEYS


@pytest.mark.parametrize("path", ROADS, ids=lambda path: path.stem)
def test_the_roads_of_others_come_out_as_expected(path: Path) -> None:
    tried = lesson_roads.read(path)
    assert {road.expected for road in tried} == {"pass", "fail"}
    assert {road.lesson for road in tried} == {path.stem}
    assert lesson_roads.judge(tried[::EVERY]) == []


def test_every_lesson_has_roads_of_others() -> None:
    assert [path.stem for path in ROADS] == list(all_lessons())


def begin(lesson: Lesson, folder: Path) -> Sandbox:
    return Sandbox.create(folder, lesson.fixture, "manual", lesson.setup)


# The opener


def test_what_a_bet_expects_is_what_happens_when_only_buttons_are_pressed(tmp_path: Path) -> None:
    lesson, progress = OPENER, Progress()
    with closing(begin(lesson, tmp_path / "s")) as sandbox:
        while not (view := lessons.view(lesson, sandbox, progress))["done"]:
            step = lesson.step[view["number"] - 1]
            if step.predict is not None:
                choice = step.predict.options[0].key
                lessons.bet(lesson, sandbox, progress, choice)
                reveal = lessons.view(lesson, sandbox, progress)["reveal"]
                assert (reveal["said"], reveal["actual"]) == (choice, step.predict.expect)
            for button in range(len(step.button)):
                lessons.do(lesson, sandbox, progress, button)
        assert all(lessons.passed(lesson, sandbox).values())


def test_the_opener_is_at_most_sixty_words() -> None:
    opener = OPENER
    assert opener.end is not None
    prose = [opener.end.text]
    for step in opener.step:
        prose += [step.label, step.text]
        if step.predict:
            prose += [step.predict.stem, step.predict.explain, step.predict.otherwise]
    assert len(" ".join(prose).split()) <= 60


def test_the_opener_says_that_the_projector_sleeps_before_anybody_is_to_wake_it() -> None:
    told = ""
    for step in OPENER.step:
        told += step.text
        if any(button.label.startswith("Wake") for button in step.button):
            assert "projector sleeps" in told
            return
    pytest.fail("nobody is asked to wake it")


def test_the_opener_takes_at_most_five_taps() -> None:
    opener = OPENER
    taps = sum(len(step.button) or 1 for step in opener.step)
    assert taps + 1 <= 5
    assert [door.to for door in opener.end.door] == ["lessons", "play", "teach"]


@pytest.fixture
def opener(tmp_path: Path) -> Iterator[tuple[Lesson, Sandbox]]:
    lesson = OPENER
    with closing(begin(lesson, tmp_path / "s")) as sandbox:
        yield lesson, sandbox


def test_a_bet_is_placed_once_and_only_where_one_is_asked_for(opener: tuple[Lesson, Sandbox]) -> None:
    lesson, sandbox = opener
    progress = Progress()
    with pytest.raises(lessons.NotNow):
        lessons.bet(lesson, sandbox, progress, "7")
    lessons.bet(lesson, sandbox, progress, "3")
    with pytest.raises(lessons.NotNow):
        lessons.bet(lesson, sandbox, progress, "5")
    with pytest.raises(lessons.NotNow):
        lessons.do(lesson, sandbox, progress, 1)
    view = lessons.view(lesson, sandbox, progress)
    assert (view["number"], view["reveal"]["said"], view["reveal"]["actual"]) == (2, "3", 5)


def test_a_lesson_stands_where_the_stores_stand_after_a_reload_and_after_an_undo(
    opener: tuple[Lesson, Sandbox],
) -> None:
    lesson, sandbox = opener
    progress = Progress()
    lessons.bet(lesson, sandbox, progress, "5")
    lessons.do(lesson, sandbox, progress, 0)
    before = lessons.view(lesson, sandbox, progress)
    sandbox.close()
    with closing(Sandbox(sandbox.root)) as again:
        assert lessons.view(lesson, again, progress) == before
        again.act("undo")
        assert lessons.view(lesson, again, progress)["number"] == 2


def test_a_lesson_begins_again_with_its_bet_open(opener: tuple[Lesson, Sandbox]) -> None:
    lesson, sandbox = opener
    progress = Progress()
    before = lessons.view(lesson, sandbox, progress)
    lessons.bet(lesson, sandbox, progress, "5")
    lessons.restart(lesson, sandbox, progress)
    assert lessons.view(lesson, sandbox, progress) == before
    lessons.bet(lesson, sandbox, progress, "3")


def test_after_the_last_step_there_are_doors_and_nothing_to_press(opener: tuple[Lesson, Sandbox]) -> None:
    lesson, sandbox = opener
    progress = Progress()
    for line in lesson.reference.lines:
        sandbox.act(line)
    view = lessons.view(lesson, sandbox, progress)
    assert (view["done"], view["step"]) == (True, None)
    assert [door["to"] for door in view["end"]["doors"]] == ["lessons", "play", "teach"]
    with pytest.raises(lessons.NotNow):
        lessons.do(lesson, sandbox, progress, 0)
    with pytest.raises(lessons.NotNow):
        lessons.bet(lesson, sandbox, progress, "5")
    assert json.dumps(view)
