"""The beginnings of the lesson engine: a lesson reads a sandbox, and its bets and buttons write action lines.

Where a learner stands follows from the state of the stores, never from what was clicked. Only the bets
are kept beside them, in progress.json, so that undo leaves them alone.
"""

import json
from pathlib import Path
from typing import Any

from lab import guard
from lab.carry_out import Answer
from lab.lesson_files import Lesson, Predict, Step
from lab.sandbox import Sandbox

SCHEMAS = {"w": "write.db", "r": "read.db", "lab": "lab.db"}


class NotNow(Exception):
    """The lesson does not offer that at this point."""


def value_of(sandbox: Sandbox, sql: str) -> Any:
    """Return the one value that a lesson's SELECT gives over the three files, attached read-only; None for an error."""
    return _values(sandbox, [sql])[0]


def passed(lesson: Lesson, sandbox: Sandbox) -> dict[str, bool]:
    """Return for each check of a lesson whether it passes now."""
    values = _values(sandbox, [check.sql for check in lesson.check])
    return {check.id: value == check.is_ for check, value in zip(lesson.check, values, strict=True)}


def _values(sandbox: Sandbox, statements: list[str]) -> list[Any]:
    files = {schema: sandbox.stores.folder / name for schema, name in SCHEMAS.items()}
    return [answer.value for answer in guard.values(files, statements)]


def current(lesson: Lesson, ok: dict[str, bool]) -> int:
    """Return the number of the first step that is not over; the number of steps when all are."""
    over = [all(ok[check] for check in step.passes) for step in lesson.step]
    return over.index(False) if False in over else len(over)


def view(lesson: Lesson, sandbox: Sandbox) -> dict[str, Any]:
    """Return what the lesson's page shows now."""
    with sandbox.lock:
        ok = passed(lesson, sandbox)
        number = current(lesson, ok)
        done = number == len(lesson.step)
        return {
            "id": lesson.id,
            "title": lesson.title,
            "number": number + 1,
            "steps": len(lesson.step),
            "step": None if done else _step(lesson.step[number], _bets(sandbox).get(str(number))),
            "reveal": _reveal(lesson, number, _bets(sandbox)),
            "checks": [{"say": check.say, "ok": ok[check.id]} for check in lesson.check],
            "end": lesson.end.text if done and lesson.end else None,
            "doors": [{"label": door.label, "to": door.to} for door in lesson.end.door] if done and lesson.end else [],
            "done": done,
        }


def bet(lesson: Lesson, sandbox: Sandbox, choice: str) -> list[Answer]:
    """Lock a prediction in, and let it act. Raise NotNow if the present step asks for none, or has one already."""
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        predict = lesson.step[number].predict if number < len(lesson.step) else None
        bets = _bets(sandbox)
        if predict is None or str(number) in bets or choice not in {option.key for option in predict.options}:
            raise NotNow("There is no such bet at this point.")
        answers = [sandbox.act(line) for line in predict.lines]
        bets[str(number)] = {"choice": choice, "actual": value_of(sandbox, predict.actual)}
        _progress_file(sandbox).write_text(json.dumps(bets), encoding="utf-8")
        return answers


def do(lesson: Lesson, sandbox: Sandbox, button: int) -> list[Answer]:
    """Press a button of the present step, counted from 0. Raise NotNow if there is none."""
    with sandbox.lock:
        number = current(lesson, passed(lesson, sandbox))
        buttons = lesson.step[number].button if number < len(lesson.step) else ()
        if not 0 <= button < len(buttons):
            raise NotNow("There is no such button at this point.")
        return [sandbox.act(line) for line in buttons[button].lines]


def restart(sandbox: Sandbox) -> None:
    """Begin the lesson again, bets and all."""
    with sandbox.lock:
        sandbox.act("reset")
        _progress_file(sandbox).unlink(missing_ok=True)


def _step(step: Step, placed: dict[str, Any] | None) -> dict[str, Any]:
    predict = step.predict
    return {
        "label": step.label,
        "text": step.text,
        "predict": None if predict is None or placed else _predict(predict),
        "buttons": [{"n": n, "label": button.label} for n, button in enumerate(step.button)],
    }


def _predict(predict: Predict) -> dict[str, Any]:
    return {"stem": predict.stem, "options": [option.key for option in predict.options]}


def _reveal(lesson: Lesson, number: int, bets: dict[str, Any]) -> dict[str, Any] | None:
    """Return the bet of the step just finished, beside what really happened."""
    placed = bets.get(str(number - 1))
    predict = lesson.step[number - 1].predict if number else None
    if placed is None or predict is None:
        return None
    return {"said": placed["choice"], "actual": placed["actual"], "explain": predict.explain}


def _bets(sandbox: Sandbox) -> dict[str, Any]:
    path = _progress_file(sandbox)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _progress_file(sandbox: Sandbox) -> Path:
    return sandbox.root / "progress.json"
