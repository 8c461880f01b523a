"""The lesson engine: a lesson reads a sandbox, and its bets and buttons write action lines.

Where a learner stands follows from the state of the stores, never from what was clicked. What was seen once (a bet,
what really happened then, a lesson passed) is kept beside them, in the person's progress: see ``lesson_progress``.
"""

from typing import Any

from lab.carry_out import Answer
from lab.lesson_files import End, Lesson, Predict, Step
from lab.lesson_progress import Bet, Progress, Standing, moment
from lab.lesson_values import value_of, values_of
from lab.sandbox import Sandbox


class NotNow(Exception):
    """The lesson does not offer that at this point."""


def standing_of(lesson: Lesson, progress: Progress) -> Standing:
    """Return what a person's progress says of a lesson, in its present revision."""
    return progress.of(lesson.id, lesson.revision)


def passed(lesson: Lesson, sandbox: Sandbox) -> dict[str, bool]:
    """Return for each check of a lesson whether it passes now; one that cannot be evaluated does not."""
    said = values_of(sandbox, [check.sql for check in lesson.check])
    return {check.id: value == check.is_ for check, value in zip(lesson.check, said, strict=True)}


def current(lesson: Lesson, ok: dict[str, bool]) -> int:
    """Return the number of the first step that is not over, from 0; the number of steps when all are."""
    over = [all(ok[check] for check in step.passes) for step in lesson.step]
    return over.index(False) if False in over else len(over)


def note(lesson: Lesson, sandbox: Sandbox, progress: Progress) -> dict[str, bool]:
    """Keep what an action has made true, and return the checks. Call it after every action in a lesson's sandbox.

    A step with a prediction that is over now has its ``actual`` evaluated at once, and never again. No value tells
    that what was bet on never came up, so the bet is neither right nor wrong.
    """
    with sandbox.lock:
        ok = passed(lesson, sandbox)
        number = current(lesson, ok)
        standing = standing_of(lesson, progress)
        standing.begun = standing.begun or moment()
        standing.over = number
        for index, step in enumerate(lesson.step[:number]):
            placed = standing.bets.get(str(index))
            if step.predict and placed and placed.over_at is None:
                _settle(step.predict, placed, value_of(sandbox, step.predict.actual))
        if all(ok.values()):
            standing.passed = standing.passed or moment()
        return ok


def _settle(predict: Predict, placed: Bet, actual: Any) -> None:
    placed.actual, placed.over_at = _kept(actual), moment()
    chosen = next((option for option in predict.options if option.key == placed.choice), None)
    if actual is not None:
        placed.right = chosen is not None and chosen.says(actual)


def _kept(value: Any) -> str | int | float | None:
    return value if isinstance(value, int | float) or value is None else str(value)[:200]


# What a page shows


def view(lesson: Lesson, sandbox: Sandbox, progress: Progress) -> dict[str, Any]:
    """Return what the lesson's page shows now. Texts are Markdown: see ``lesson_text.render``."""
    with sandbox.lock:
        ok = passed(lesson, sandbox)
        number = current(lesson, ok)
        standing = standing_of(lesson, progress)
        done = number == len(lesson.step)
        return {
            "id": lesson.id,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "goal": lesson.goal,
            "situation": lesson.situation,
            "number": number + 1,
            "steps": len(lesson.step),
            "step": None if done else _step(lesson.step[number], standing.bets.get(str(number))),
            "reveal": _reveal(lesson, number - 1, standing),
            "checks": [
                {"id": check.id, "say": check.say, "ok": ok[check.id]} for check in lesson.check if not check.invariant
            ],
            "broken": [check.say or check.id for check in lesson.check if check.invariant and not ok[check.id]],
            "end": _end(lesson.end) if done and lesson.end else None,
            "take_away": lesson.take_away if done else None,
            "real_world": lesson.real_world if done else None,
            "done": done,
            "passed": standing.passed is not None,
        }


def _step(step: Step, placed: Bet | None) -> dict[str, Any]:
    predict = step.predict
    asked = predict is not None and (placed is None or bool(predict.lines))
    return {
        "label": step.label,
        "text": step.text,
        "predict": {"stem": predict.stem, "options": [o.key for o in predict.options]} if asked and predict else None,
        "said": placed.choice if placed else None,
        "buttons": [{"n": n, "label": button.label} for n, button in enumerate(step.button)],
    }


def _end(end: End) -> dict[str, Any]:
    return {"title": end.title, "text": end.text, "doors": [{"label": door.label, "to": door.to} for door in end.door]}


def _reveal(lesson: Lesson, index: int, standing: Standing) -> dict[str, Any] | None:
    """Return the bet of a step that is over, beside what really happened then."""
    predict = lesson.step[index].predict if index >= 0 else None
    placed = standing.bets.get(str(index))
    if placed is None or predict is None or placed.over_at is None:
        return None
    return {
        "said": placed.choice,
        "actual": placed.actual,
        "right": placed.right,
        "explain": predict.explain if placed.right else f"{predict.otherwise} {predict.explain}".strip(),
    }


# What a page does


def bet(lesson: Lesson, sandbox: Sandbox, progress: Progress, choice: str) -> list[Answer]:
    """Lock a prediction in, and let it act if it has lines. Raise NotNow if the present step asks for none.

    Once it is locked the first choice stands. One that has lines may be pressed again, after an undo.
    """
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        predict = lesson.step[number].predict if number < len(lesson.step) else None
        bets = standing_of(lesson, progress).bets
        known = {option.key for option in predict.options} if predict else set()
        locked = str(number) in bets
        if predict is None or choice not in known or (locked and not predict.lines):
            raise NotNow("There is no such bet at this point.")
        if not locked:
            bets[str(number)] = Bet(choice, moment())
        answers = [sandbox.act(line) for line in predict.lines]
        note(lesson, sandbox, progress)
        return answers


def do(lesson: Lesson, sandbox: Sandbox, progress: Progress, button: int) -> list[Answer]:
    """Press a button of the present step, counted from 0. Raise NotNow if there is none."""
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        buttons = lesson.step[number].button if number < len(lesson.step) else ()
        if not 0 <= button < len(buttons):
            raise NotNow("There is no such button at this point.")
        answers = [sandbox.act(line) for line in buttons[button].lines]
        note(lesson, sandbox, progress)
        return answers


def restart(lesson: Lesson, sandbox: Sandbox, progress: Progress) -> None:
    """Begin the lesson again: the stores from its start, its bets and hints open; what was passed stays passed."""
    with sandbox.lock:
        sandbox.act("reset")
        standing_of(lesson, progress).begin_again()
