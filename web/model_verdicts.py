"""What came of a text when it was tried, kept in the cookie: saving a text does not make it another one."""

import hashlib
from typing import Any

from flask import session

from web.model_typed import Typed

MOST = 8
"""Of so many texts it is known; the oldest goes."""

ASKED = ("truth", "task")
"""The buttons that judge a text; a dry run only says whether it runs."""


def of(typed: Typed) -> dict[str, bool]:
    """Return how a text ended under each button that tried it."""
    return dict(next((ended for text, ended in session.get("tried", []) if text == _text(typed)), {}))


def keep(typed: Typed, wanted: str, passed: bool | None) -> None:
    """Keep how a text ended, if it came to an end."""
    if wanted not in ASKED or passed is None:
        return
    others = [kept for kept in session.get("tried", []) if kept[0] != _text(typed)]
    session["tried"] = [*others[1 - MOST :], [_text(typed), {**of(typed), wanted: passed}]]


def together(typed: Typed, runs: bool | None) -> dict[str, Any]:
    """Say whether a text runs and what it failed, from what is known now and what is kept of it."""
    ended = of(typed)
    failed = [wanted for wanted in ASKED if ended.get(wanted) is False]
    passed = runs is None and any(ended.values())
    return {"tried": True if passed else runs, "failed": failed}


def _text(typed: Typed) -> str:
    return hashlib.sha256(f"{typed.name}\n{typed.source.rstrip()}".encode()).hexdigest()[:12]
