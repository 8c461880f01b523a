"""The rail of a lesson, beside its sandbox: what it asks, what it tells, and how far its learner has come."""

from typing import Any

from lab import lessons
from lab.lesson_files import Lesson, Predict, Step
from lab.lesson_files import lessons as all_lessons
from lab.lesson_hints import PATIENCE_SECONDS, Shown, hint_now
from lab.lesson_path import Asked, concept_of, questions_for
from lab.lesson_progress import Bet, Progress, Standing
from lab.sandbox import Sandbox

READING_SECONDS = 60.0
"""Who has done nothing yet is still reading, so the first hint waits for longer."""


def rail(of: Lesson, sandbox: Sandbox, progress: Progress) -> dict[str, Any]:
    """Return what the rail shows now."""
    with sandbox.still():
        view = lessons.view(of, sandbox, progress)
        standing = lessons.standing_of(of, progress)
        hint = hint_now(of, sandbox, progress, 0, asked=False) if standing.hints else None
        touched = any(entry.origin == "learner" for entry in sandbox.lab.entries())
    number = view["number"]
    concept = concept_of(of, progress) if view["done"] else None
    asked = _question(concept) if concept else None
    return {
        **view,
        "place": _place(of),
        "module": of.module,
        "questions": [_question(each) for each in questions_for(of, progress)],
        "checks": [_check(of, check, number, standing) for check in view["checks"]],
        "trail": [_stop(step, n, number, standing) for n, step in enumerate(of.step, 1)],
        "hint": _hint(hint) if hint else None,
        "patience": None if hint or view["done"] else _patience(view, standing, touched),
        "concept": asked,
        "told": view["done"] and (asked is None or asked["right"]),
        "following": _following(of),
    }


def _place(of: Lesson) -> dict[str, int]:
    """Return which lesson of how many this is; the opener is the door, and not counted."""
    names = [name for name, lesson in all_lessons().items() if lesson.module]
    return {"number": names.index(of.id) + 1 if of.id in names else 0, "of": len(names)}


def _following(of: Lesson) -> dict[str, str] | None:
    names = list(all_lessons())
    after = names[names.index(of.id) + 1 :] if of.id in names else []
    return {"id": after[0], "title": all_lessons()[after[0]].title} if after else None


def _check(of: Lesson, check: dict[str, Any], number: int, standing: Standing) -> dict[str, Any]:
    """Return a check, lit when it passes and its step is reached: some hold before anything was done.

    What a step looks for may give its bet away, so it is told when the bet is placed.
    """
    at = next((n for n, step in enumerate(of.step, 1) if check["id"] in step.passes), number)
    ok = check["ok"] and at <= number
    has_to_bet = at == number <= len(of.step) and of.step[at - 1].predict and str(at - 1) not in standing.bets
    later = f"comes with step {at}" if at > number else "comes when you have bet" if has_to_bet else None
    return {**check, "ok": ok, "later": None if ok else later}


# Steps


def _stop(step: Step, number: int, current: int, standing: Standing) -> dict[str, Any]:
    state = "done" if number < current else "now" if number == current else "ahead"
    placed = standing.bets.get(str(number - 1))
    shown = step.predict if state != "ahead" else None
    return {
        "n": number,
        "label": step.label,
        "state": state,
        "text": step.text if state == "now" else None,
        "asks": _asks(shown, number) if shown and state == "now" and not placed else None,
        "stem": shown.stem if shown else None,
        "said": placed.choice if shown and placed else None,
        "reveal": _reveal(shown, placed) if shown and placed and state == "done" and placed.over_at else None,
    }


def _asks(predict: Predict, number: int) -> dict[str, Any]:
    return {"id": f"bet-{number}", "stem": predict.stem, "options": [option.key for option in predict.options]}


def _reveal(predict: Predict, placed: Bet) -> dict[str, Any]:
    """Say what was bet and what happened; what happened in the words of the option that says it, if there is one."""
    actual = next((option.key for option in predict.options if option.says(placed.actual)), placed.actual)
    return {"said": placed.choice, "actual": actual, "right": placed.right, "explain": predict.explain}


# Questions


def _question(asked: Asked) -> dict[str, Any]:
    """Return a question with the reasons of what was answered; once that is right, with every reason."""
    chosen = [attempt.choice for attempt in asked.answers]
    right = any(attempt.right for attempt in asked.answers)
    return {
        "lesson": asked.lesson,
        "kind": asked.kind,
        "again": asked.again,
        "about": asked.question.from_ or asked.lesson,
        "stem": asked.question.stem,
        "answered": len(chosen),
        "right": right,
        "options": [
            {
                "n": n,
                "text": option.text,
                "chosen": n in chosen,
                "correct": option.correct if right or n in chosen else None,
                "why": option.why if right or n in chosen else None,
            }
            for n, option in enumerate(asked.question.options)
        ],
    }


# Hints


def _hint(hint: Shown) -> dict[str, Any]:
    return {
        "id": hint.id,
        "level": hint.level,
        "levels": hint.levels[: hint.level],
        "has_more": hint.has_more,
    }


def _patience(view: dict[str, Any], standing: Standing, touched: bool) -> dict[str, Any]:
    """Return after how many seconds the page may ask for a hint by itself, and what must not have changed till then."""
    passed = sum(check["ok"] for check in view["checks"])
    begun = touched or bool(standing.bets)
    return {
        "key": f"{view['number']}-{passed}-{len(standing.hints)}-{int(begun)}",
        "seconds": round(PATIENCE_SECONDS if begun else READING_SECONDS),
    }
