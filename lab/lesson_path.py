"""The path through all lessons: what is asked when, what comes again, and the map with the minutes left."""

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

from lab.lesson_files import Choice, Lesson, Question, lessons
from lab.lesson_progress import Attempt, Progress, Standing, moment
from lab.lessons import NotNow, standing_of

AGAIN_AFTER = 2
MOST_AGAIN = 2
"""A question answered wrong comes again two lessons later, one of them played meanwhile, at most twice."""

KINDS = ("retrieval", "concept")


class Asked(NamedTuple):
    """A question as a lesson asks it: whose it is and of which kind, and what was answered to it here, in order."""

    lesson: str
    kind: str
    question: Question
    again: bool
    answers: list[Attempt]


def questions_for(lesson: Lesson, progress: Progress, among: Mapping[str, Lesson] | None = None) -> list[Asked]:
    """Return what opens a lesson: its retrieval question, then those of older lessons that come again here.

    Nobody is asked about a lesson that he has not played.
    """
    looks_back = lesson.retrieval and (_played(progress, lesson.retrieval.from_) or _answered(progress, lesson))
    own = [_asked(lesson, "retrieval", lesson, progress, again=False)] if looks_back else []
    order = among or lessons()
    return own + [
        _asked(older, kind, lesson, progress, again=True)
        for name, older in order.items()
        for kind in KINDS
        if name < lesson.id and (standing := progress.lessons.get(name))
        if _question(older, kind) and _comes_again(standing.answers(kind), lesson.id, list(order), progress)
    ]


def concept_of(lesson: Lesson, progress: Progress) -> Asked | None:
    """Return the question that ends a lesson, with what was answered; None if it has none."""
    return _asked(lesson, "concept", lesson, progress, again=False) if lesson.concept else None


def answer(
    lesson: Lesson, progress: Progress, owner: str, kind: str, choice: int, among: Mapping[str, Lesson] | None = None
) -> Choice:
    """Keep an answer to a question that a lesson asks, and return the option with its reason.

    ``owner`` is the lesson whose question it is; ``choice`` counts from 0. Raise NotNow if the lesson does not ask
    that.
    """
    asked = [*questions_for(lesson, progress, among), *filter(None, [concept_of(lesson, progress)])]
    found = next((each for each in asked if (each.lesson, each.kind) == (owner, kind)), None)
    if found is None or not 0 <= choice < len(found.question.options):
        raise NotNow("There is no such question at this point.")
    option = found.question.options[choice]
    owner_lesson = lesson if owner == lesson.id else (among or lessons())[owner]
    standing_of(owner_lesson, progress).keep(kind, Attempt(choice, option.correct, lesson.id, moment()))
    return option


def _question(lesson: Lesson, kind: str) -> Question | None:
    return lesson.retrieval if kind == "retrieval" else lesson.concept


def _asked(owner: Lesson, kind: str, here: Lesson, progress: Progress, *, again: bool) -> Asked:
    question = _question(owner, kind)
    assert question is not None
    standing = progress.lessons.get(owner.id)
    attempts = standing.answers(kind) if standing else []
    return Asked(owner.id, kind, question, again, [it for it in attempts if it.lesson == here.id])


def _comes_again(attempts: list[Attempt], here: str, order: list[str], progress: Progress) -> bool:
    """Tell whether a question comes again here: it did already, or the last time it was asked it went wrong."""
    places = _places(attempts)
    if here in places:
        return True
    if not places or len(places) > MOST_AGAIN or here not in order:
        return False
    last = list(places)[-1]
    if places[last] or last not in order:
        return False
    between = order[order.index(last) + 1 : order.index(here)]
    return sum(_played(progress, name) for name in between) >= AGAIN_AFTER - 1


def _places(attempts: list[Attempt]) -> dict[str, bool]:
    """Return the lessons in which a question was asked, in order, each with whether its first answer was right."""
    places: dict[str, bool] = {}
    for attempt in attempts:
        places.setdefault(attempt.lesson, attempt.right)
    return places


# The map


def path_map(progress: Progress, among: Mapping[str, Lesson] | None = None) -> dict[str, Any]:
    """Return the lessons by module, each with its state and its minutes left; the minutes in all; what comes next."""
    order = among or lessons()
    due = _due(progress, order)
    drawn = [{**_stop(lesson, progress, order), "again": due.get(lesson.id, [])} for lesson in order.values()]
    modules = [_module(name, list(stops)) for name, stops in groupby(drawn, key=lambda stop: stop["module"])]
    ahead = [stop for stop in drawn if stop["state"] != "passed"]
    return {
        "modules": modules,
        "left": sum(stop["left"] for stop in ahead),
        "next": ahead[0]["id"] if ahead else None,
        "passed": len(drawn) - len(ahead),
        "lessons": len(drawn),
    }


def _module(name: str, stops: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "lessons": stops, "left": sum(stop["left"] for stop in stops)}


def _stop(lesson: Lesson, progress: Progress, order: Mapping[str, Lesson]) -> dict[str, Any]:
    standing = progress.lessons.get(lesson.id) or Standing(lesson.revision)
    steps, over = len(lesson.step), standing.over if standing.revision == lesson.revision else 0
    over = min(over, steps)
    state = "passed" if standing.passed else "begun" if standing.begun else "open"
    return {
        "id": lesson.id,
        "title": lesson.title,
        "module": lesson.module,
        "teaser": lesson.teaser,
        "minutes": lesson.minutes,
        "state": state,
        "step": min(over + 1, steps),
        "steps": steps,
        "left": 0 if standing.passed else math.ceil(lesson.minutes * (steps - over) / steps) if steps else 0,
        "missing": [name for name in lesson.needs if name in order and not _passed(progress, name)],
        "revised": standing.passed is not None and standing.revision < lesson.revision,
    }


def _due(progress: Progress, order: Mapping[str, Lesson]) -> dict[str, list[str]]:
    """Return whose questions come again, each at the first lesson that asks it, if it can one ahead."""
    waiting: dict[str, list[str]] = {}
    seen: set[tuple[str, str]] = set()
    for lesson in sorted(order.values(), key=lambda lesson: _passed(progress, lesson.id)):
        asked = {(it.lesson, it.kind) for it in questions_for(lesson, progress, order) if it.again and not it.answers}
        if new := asked - seen:
            waiting[lesson.id] = sorted({owner for owner, _ in new})
            seen |= new
    return waiting


def _played(progress: Progress, name: str) -> bool:
    standing = progress.lessons.get(name)
    return standing is not None and (standing.begun or standing.passed) is not None


def _answered(progress: Progress, lesson: Lesson) -> bool:
    return (standing := progress.lessons.get(lesson.id)) is not None and bool(standing.retrieval)


def _passed(progress: Progress, name: str) -> bool:
    return (standing := progress.lessons.get(name)) is not None and standing.passed is not None
