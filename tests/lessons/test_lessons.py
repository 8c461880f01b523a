"""Every lesson file, held to its word: good roads pass, no shorter one does, wrong ones fail where they say."""

import json
import random
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab import lessons
from lab.lesson_files import FOLDER, Lesson, LessonError, load
from lab.lesson_files import lessons as all_lessons
from lab.lesson_progress import Progress
from lab.lesson_values import value_of
from lab.sandbox import Sandbox

OPENER = all_lessons()["L00"]
LESSONS = [OPENER]
"""The opener, every step of which can be pressed through; the gates hold every lesson to all this and more."""


def by_id(value: object) -> str | None:
    return value.id if isinstance(value, Lesson) else None


def begin(lesson: Lesson, folder: Path) -> Sandbox:
    return Sandbox.create(folder, lesson.fixture, "manual", lesson.setup)


def replay(lesson: Lesson, folder: Path, lines: Iterable[str]) -> Iterator[Sandbox]:
    """Do a road's lines in a fresh sandbox, and lend it before the first and after each."""
    with closing(begin(lesson, folder)) as sandbox:
        yield sandbox
        for line in lines:
            assert sandbox.act(line).n is not None, line
            yield sandbox


def failing(lesson: Lesson, sandbox: Sandbox) -> set[str]:
    return {check for check, ok in lessons.passed(lesson, sandbox).items() if not ok}


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_the_reference_passes_and_no_part_of_it_does(lesson: Lesson, tmp_path: Path) -> None:
    failed = [failing(lesson, sandbox) for sandbox in replay(lesson, tmp_path / "s", lesson.reference.lines)]
    assert failed.pop() == set()
    assert all(failed)


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_every_other_good_road_passes(lesson: Lesson, tmp_path: Path) -> None:
    assert lesson.also_ok
    for number, road in enumerate(lesson.also_ok):
        *_, end = (failing(lesson, sandbox) for sandbox in replay(lesson, tmp_path / str(number), road.lines))
        assert end == set()


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_idle_waits_change_nothing(lesson: Lesson, tmp_path: Path) -> None:
    lines = [line for road in lesson.reference.lines for line in ("wait 700", road)]
    *_, end = (failing(lesson, sandbox) for sandbox in replay(lesson, tmp_path / "s", lines))
    assert end == set()


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_a_wrong_road_fails_just_what_it_says_and_its_hint_speaks(lesson: Lesson, tmp_path: Path) -> None:
    hints = {hint.id: hint for hint in lesson.hint}
    for number, road in enumerate(lesson.wrong):
        for sandbox in replay(lesson, tmp_path / str(number), road.lines):
            failed = failing(lesson, sandbox)
            speaks = value_of(sandbox, hints[road.hint].when)
        assert failed == set(road.fails), road.name
        assert speaks == 1, road.name
    assert {road.hint for road in lesson.wrong} == set(hints)


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_what_a_bet_expects_is_what_happens(lesson: Lesson, tmp_path: Path) -> None:
    progress = Progress()
    with closing(begin(lesson, tmp_path / "s")) as sandbox:
        while not (view := lessons.view(lesson, sandbox, progress))["done"]:
            step = lesson.step[view["number"] - 1]
            if step.predict is not None:
                choice = step.predict.options[0].key
                assert str(step.predict.expect) in {option.key for option in step.predict.options}
                lessons.bet(lesson, sandbox, progress, choice)
                reveal = lessons.view(lesson, sandbox, progress)["reveal"]
                assert (reveal["said"], reveal["actual"]) == (choice, step.predict.expect)
            for button in range(len(step.button)):
                lessons.do(lesson, sandbox, progress, button)
        assert failing(lesson, sandbox) == set()


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_lines_done_at_random_hardly_ever_pass(lesson: Lesson, tmp_path: Path) -> None:
    chance = random.Random(lesson.id)
    passed = 0
    begin(lesson, tmp_path / "mould").close()
    for attempt in range(60):
        root = shutil.copytree(tmp_path / "mould", tmp_path / str(attempt))
        with closing(Sandbox(root)) as sandbox:
            for line in chance.choices(lesson.reference.lines, k=len(lesson.reference.lines) * 3 // 2):
                sandbox.act(line)
            passed += not failing(lesson, sandbox)
    assert passed <= 3


@pytest.mark.parametrize("lesson", LESSONS, ids=by_id)
def test_a_lesson_says_what_misconceptions_it_meets(lesson: Lesson) -> None:
    tags = {option.tag for step in lesson.step if step.predict for option in step.predict.options if option.tag}
    assert tags | {road.tag for road in lesson.wrong} == set(lesson.misconceptions)


# The opener


def test_the_opener_is_at_most_sixty_words() -> None:
    opener = OPENER
    prose = [opener.end.text]
    for step in opener.step:
        prose += [step.label, step.text]
        if step.predict:
            prose += [step.predict.stem, step.predict.explain]
    assert len(" ".join(prose).split()) <= 60


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
    assert [door["to"] for door in view["doors"]] == ["lessons", "play", "teach"]
    with pytest.raises(lessons.NotNow):
        lessons.do(lesson, sandbox, progress, 0)
    with pytest.raises(lessons.NotNow):
        lessons.bet(lesson, sandbox, progress, "5")
    assert json.dumps(view)


# The files


@pytest.mark.parametrize(
    ("found", "put", "told"),
    [
        ("minutes = 1", "minuts = 1", r"L00\.toml, line [0-9]+: Object contains unknown field `minuts`"),
        ('label = "Place your bet"', 'lable = "x"', r"L00\.toml, line [0-9]+: .*unknown field `lable`.*\$\.step\[0\]"),
        ('explain = "Nothing', 'explain = 5 # "Nothing', r"L00\.toml, line [0-9]+: Expected `str`.*predict\.explain"),
        ("is = 1", 'is = "1"', r"L00\.toml, line [0-9]+: Expected `int`, got `str`.*check\[0\]\.is"),
        ('title = "The first sixty seconds"', "", r"L00\.toml, line [0-9]+: .*missing required field `title`"),
        ("format = 1", "format = 2", r"L00\.toml: format must be 1, not 2"),
        ('id = "L00"', 'id = "L01"', r"L00\.toml: id is L01, but the file is called L00"),
        ('passes = ["stale-read-seen"]', 'passes = ["stale"]', "step “Place your bet” waits for stale: no such check"),
        ("format = 1", "format = = 1", r"L00\.toml: .*line 1, column"),
    ],
)
def test_a_lesson_file_with_a_slip_is_an_error_that_names_the_place(
    tmp_path: Path, found: str, put: str, told: str
) -> None:
    text = (FOLDER / "L00.toml").read_text(encoding="utf-8")
    assert found in text
    path = tmp_path / "L00.toml"
    path.write_text(text.replace(found, put, 1), encoding="utf-8")
    with pytest.raises(LessonError, match=told):
        load(path)
