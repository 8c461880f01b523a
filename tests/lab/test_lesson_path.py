"""The path: what opens each lesson, what comes again and for how long, and what the map says is left."""

import pytest

from lab.lesson_files import lessons
from lab.lesson_path import KINDS, answer, concept_of, path_map, questions_for
from lab.lesson_progress import Progress, Standing
from lab.lessons import NotNow

PASSED = "2026-11-23T12:00:00Z"
LESSONS = lessons()
SCHEDULE = {
    "L02": "L01",
    "L03": "L02",
    "L04": "L01",
    "L05": "L04",
    "L06": "L03",
    "L07": "L05",
    "L08": "L04",
    "L09": "L03",
    "L10": "L06",
}
"""Whose question opens which lesson: an older one, in other words."""

WITH_FRAME = [lesson for lesson in LESSONS.values() if lesson.concept]


def choice(lesson, kind, *, right):
    options = getattr(LESSONS[lesson], kind).options
    return next(number for number, option in enumerate(options) if option.correct is right)


def say(progress, here, owner=None, kind="concept", *, right):
    """Answer a question in a lesson, rightly or wrongly."""
    owner = owner or here
    return answer(LESSONS[here], progress, owner, kind, choice(owner, kind, right=right))


def again(progress, here):
    """Return whose questions come again in a lesson."""
    return [(asked.lesson, asked.kind) for asked in questions_for(LESSONS[here], progress) if asked.again]


def passed(*names):
    return Progress(lessons={name: Standing(LESSONS[name].revision, begun=PASSED, passed=PASSED) for name in names})


def play(progress, *names):
    """Let lessons be played after what was said so far."""
    for name in names:
        progress.of(name, LESSONS[name].revision).begun = PASSED


def stops(progress):
    """Return what the map says of each lesson, by id."""
    return {stop["id"]: stop for module in path_map(progress)["modules"] for stop in module["lessons"]}


# Questions


@pytest.mark.parametrize("lesson", WITH_FRAME, ids=lambda lesson: lesson.id)
def test_a_lesson_opens_with_one_question_from_an_older_lesson_and_ends_with_its_own(lesson):
    first = [asked for asked in questions_for(lesson, passed(*LESSONS)) if not asked.again]
    assert [(asked.lesson, asked.kind) for asked in first] == [(lesson.id, "retrieval")] * bool(lesson.retrieval)
    assert lesson.retrieval is None or lesson.retrieval.from_ < lesson.id
    assert concept_of(lesson, Progress()).question is lesson.concept


@pytest.mark.parametrize("lesson", WITH_FRAME, ids=lambda lesson: lesson.id)
def test_nobody_is_asked_about_a_lesson_that_he_has_not_played(lesson):
    assert questions_for(lesson, Progress()) == []
    others = [name for name in LESSONS if name != SCHEDULE.get(lesson.id)]
    assert questions_for(lesson, passed(*others)) == []


def test_each_lesson_looks_back_to_the_one_that_the_schedule_says():
    looks_back = {lesson.id: lesson.retrieval.from_ for lesson in WITH_FRAME if lesson.retrieval}
    assert looks_back.items() <= SCHEDULE.items()
    assert set(looks_back) == SCHEDULE.keys() & LESSONS.keys()


def test_an_answer_is_given_back_with_its_reason_and_is_kept_with_the_lesson_that_asked():
    progress = Progress()
    option = say(progress, "L05", right=False)
    assert option.why
    assert not option.correct
    [kept] = progress.lessons["L05"].concept
    assert (kept.right, kept.lesson) == (False, "L05")
    assert concept_of(LESSONS["L05"], progress).answers == [kept]


@pytest.mark.parametrize(
    ("owner", "kind", "number"),
    [("L05", "concept", 99), ("L05", "concept", -1), ("L04", "concept", 0), ("L05", "other", 0), ("L99", "concept", 0)],
)
def test_what_a_lesson_does_not_ask_cannot_be_answered(owner, kind, number):
    progress = Progress()
    with pytest.raises(NotNow):
        answer(LESSONS["L05"], progress, owner, kind, number)
    assert progress.lessons == {}


# Again


def test_what_was_answered_rightly_does_not_come_again():
    progress = passed(*LESSONS)
    for kind in KINDS:
        say(progress, "L02", kind=kind, right=True)
    assert all(again(progress, here) == [] for here in LESSONS)


def test_what_was_answered_wrong_comes_again_two_lessons_later():
    progress = Progress()
    say(progress, "L02", right=False)
    play(progress, "L03")
    assert [again(progress, here) for here in ("L01", "L02", "L03")] == [[], [], []]
    assert again(progress, "L04") == [("L02", "concept")]


def test_who_skips_lessons_is_not_asked_again_at_once_but_after_one_that_he_has_played():
    progress = Progress()
    say(progress, "L02", right=False)
    assert again(progress, "L07") == []
    play(progress, "L07")
    assert (again(progress, "L07"), again(progress, "L08")) == ([], [("L02", "concept")])


def test_the_first_answer_counts_and_not_the_right_one_that_follows_it():
    progress = Progress()
    say(progress, "L02", right=False)
    say(progress, "L02", right=True)
    play(progress, "L03")
    assert again(progress, "L04") == [("L02", "concept")]


def test_answered_rightly_the_second_time_it_is_done_with_and_stays_where_it_was_asked():
    progress = Progress()
    say(progress, "L02", right=False)
    play(progress, "L03")
    say(progress, "L04", "L02", right=True)
    play(progress, "L05", "L06", "L07")
    assert again(progress, "L04") == [("L02", "concept")]
    assert all(again(progress, here) == [] for here in ("L05", "L06", "L07", "L08"))


def test_a_question_comes_again_at_most_twice():
    progress = Progress()
    say(progress, "L02", right=False)
    play(progress, "L03")
    say(progress, "L04", "L02", right=False)
    play(progress, "L05")
    assert again(progress, "L05") == []
    assert again(progress, "L06") == [("L02", "concept")]
    say(progress, "L06", "L02", right=False)
    play(progress, *LESSONS)
    assert again(progress, "L06") == [("L02", "concept")]
    assert all(again(progress, here) == [] for here in LESSONS if here > "L06")


def test_both_questions_of_a_lesson_come_again_each_for_itself():
    progress = passed("L01")
    for kind in KINDS:
        say(progress, "L02", kind=kind, right=False)
    play(progress, "L03", "L05")
    assert again(progress, "L04") == [("L02", "retrieval"), ("L02", "concept")]
    say(progress, "L04", "L02", kind="retrieval", right=True)
    assert again(progress, "L06") == [("L02", "concept")]


def test_what_was_answered_survives_a_new_revision_of_its_lesson():
    progress = Progress()
    say(progress, "L02", right=False)
    progress.of("L02", LESSONS["L02"].revision + 1)
    play(progress, "L03")
    assert again(progress, "L04") == [("L02", "concept")]


# The map


def test_the_map_holds_every_lesson_once_in_order_by_module():
    path = path_map(Progress())
    assert [stop["id"] for module in path["modules"] for stop in module["lessons"]] == list(LESSONS)
    assert [module["name"] for module in path["modules"]] == list(dict.fromkeys(it.module for it in LESSONS.values()))


def test_a_newcomer_has_all_minutes_before_him_and_the_door_is_next():
    path = path_map(Progress())
    assert path["left"] == sum(lesson.minutes for lesson in LESSONS.values())
    assert path["left"] == sum(module["left"] for module in path["modules"])
    assert (path["next"], path["passed"], path["lessons"]) == ("L00", 0, len(LESSONS))
    assert {stop["state"] for stop in stops(Progress()).values()} == {"open"}


def test_half_of_the_steps_leave_half_of_the_minutes():
    progress = passed("L00")
    lesson = LESSONS["L05"]
    progress.lessons["L05"] = Standing(lesson.revision, begun=PASSED, over=len(lesson.step) // 2)
    stop = stops(progress)["L05"]
    assert (stop["state"], stop["step"]) == ("begun", len(lesson.step) // 2 + 1)
    assert lesson.minutes / 2 <= stop["left"] < lesson.minutes / 2 + 1
    assert path_map(progress)["left"] == path_map(passed("L00"))["left"] - lesson.minutes + stop["left"]


def test_who_passed_everything_has_nothing_left_and_nothing_next():
    path = path_map(passed(*LESSONS))
    assert (path["left"], path["next"], path["passed"]) == (0, None, len(LESSONS))
    assert {stop["state"] for stop in stops(passed(*LESSONS)).values()} == {"passed"}


def test_the_next_lesson_is_the_first_that_is_not_passed_whatever_was_done_out_of_turn():
    assert path_map(passed("L00", "L01", "L05"))["next"] == "L02"


def test_the_map_says_what_is_missing_before_a_lesson():
    assert stops(Progress())["L05"]["missing"] == ["L04"]
    assert stops(passed("L04"))["L05"]["missing"] == []


def test_a_question_to_repeat_is_shown_once_where_it_will_be_met_first():
    progress = passed("L00", "L01", "L02", "L03", "L04")
    say(progress, "L02", right=False)
    waiting = {name: stop["again"] for name, stop in stops(progress).items() if stop["again"]}
    assert waiting == {"L05": ["L02"]}
    say(progress, "L05", "L02", right=True)
    assert not any(stop["again"] for stop in stops(progress).values())


def test_when_all_is_passed_a_question_to_repeat_is_shown_at_the_first_lesson_that_asks_it():
    progress = passed(*LESSONS)
    say(progress, "L02", right=False)
    assert {name: stop["again"] for name, stop in stops(progress).items() if stop["again"]} == {"L04": ["L02"]}


def test_a_lesson_that_was_revised_stays_passed_and_says_so_and_its_old_steps_count_no_more():
    progress = Progress(
        lessons={
            "L03": Standing(LESSONS["L03"].revision - 1, begun=PASSED, passed=PASSED, over=2),
            "L04": Standing(LESSONS["L04"].revision - 1, begun=PASSED, over=2),
        }
    )
    drawn = stops(progress)
    assert (drawn["L03"]["state"], drawn["L03"]["revised"], drawn["L03"]["left"]) == ("passed", True, 0)
    assert (drawn["L04"]["state"], drawn["L04"]["step"], drawn["L04"]["left"]) == ("begun", 1, LESSONS["L04"].minutes)


def test_progress_in_lessons_that_this_lagoon_does_not_have_is_left_alone():
    progress = Progress(lessons={"L77": Standing(1, passed=PASSED)})
    assert path_map(progress)["passed"] == 0
    assert "L77" in progress.lessons
