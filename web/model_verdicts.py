"""What came of a text when it was tried, kept in the cookie: saving a text does not make it another one.

A verdict is about a text and the log that it was tried on, and goes when either is another one. What befell the rows
of a read model in the read store is none about its text.
"""

import hashlib
from typing import Any

from flask import session

from web.model_typed import Typed

MOST = 8
"""Of so many texts it is known; the oldest goes."""

ASKED = ("truth", "task")
"""The buttons that judge a text; a dry run only says whether it runs."""

KEPT = "verdicts"


def of(typed: Typed, log: str) -> dict[str, bool]:
    """Return how a text ended under each button that tried it, on a log as it is now; a task's is always the same."""
    return {wanted: passed for wanted, (passed, on) in _kept(typed).items() if on == _on(wanted, log)}


def keep(typed: Typed, wanted: str, passed: bool | None, log: str) -> None:
    """Keep how a text ended, if it came to an end."""
    if wanted not in ASKED or passed is None:
        return
    others = [kept for kept in session.get(KEPT, []) if kept[0] != _text(typed)]
    session[KEPT] = [*others[1 - MOST :], [_text(typed), {**_kept(typed), wanted: [passed, _on(wanted, log)]}]]


def together(typed: Typed, runs: bool | None, log: str) -> dict[str, Any]:
    """Say whether a text runs and what it failed, from what is known now and what is kept of it."""
    ended = of(typed, log)
    failed = [wanted for wanted in ASKED if ended.get(wanted) is False]
    passed = runs is None and any(ended.values())
    return {"tried": True if passed else runs, "failed": failed}


def _on(wanted: str, log: str) -> str:
    return log if wanted == "truth" else ""


def _kept(typed: Typed) -> dict[str, tuple[bool, str]]:
    return dict(next((ended for text, ended in session.get(KEPT, []) if text == _text(typed)), {}))


def _text(typed: Typed) -> str:
    return hashlib.sha256(f"{typed.name}\n{typed.source.rstrip()}".encode()).hexdigest()[:12]
