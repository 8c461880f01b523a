"""The guard: SQL that a person wrote runs in a worker process, held to a policy, and is ended when it overruns.

Looking: ``values`` serves checks (one SELECT each, one value), ``read`` gives rows, ``ask`` answers a person.
Changing: ``patch`` changes rows of a read model by hand. A read model of a learner's own is looked over by ``check``,
tried by ``rehearse``, made by ``make``, and kept up by ``deliver`` and ``retry``; ``digest`` compares its rows.
``trusted`` says whether this SQLite may be trusted with what people type. Where it may not, nothing that a person wrote
is run, and each function says why; what the house wrote goes on: ``values``, ``read``.
``policy`` has every limit.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from lab.guard import policy
from lab.guard.messages import (
    Answer,
    Change,
    Checked,
    Delivered,
    Finding,
    Model,
    Patched,
    Place,
    Refused,
    Rehearsed,
)
from lab.guard.own_models import Overrun, TurnOver, check, deliver, fill, make, rehearse, retry
from lab.guard.rehearsing import digest
from lab.guard.turns import Busy
from lab.guard.workers import close, the_keeper, trusted

__all__ = [
    "Answer",
    "Busy",
    "Change",
    "Checked",
    "Delivered",
    "Finding",
    "Model",
    "Overrun",
    "Patched",
    "Place",
    "Refused",
    "Rehearsed",
    "TurnOver",
    "ask",
    "check",
    "close",
    "deliver",
    "digest",
    "fill",
    "make",
    "patch",
    "read",
    "rehearse",
    "retry",
    "trusted",
    "values",
]

_held_up = threading.BoundedSemaphore(policy.HELD_UP)


def values(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for one value each, over files that are opened read-only, by schema name, in one round trip."""
    return the_keeper().values(files, statements)


def read(files: dict[str, Path], statements: Sequence[str]) -> list[Answer]:
    """Ask statements for their rows, over files that are opened read-only, by schema name, in one round trip."""
    return the_keeper().read(files, statements)


def ask(files: dict[str, Path], sql: str, who: str) -> Answer:
    """Answer one statement of a person, with its types and plan, or with the place of the error and what to do.

    ``who`` is the sandbox. Raise Busy, with the reason in words, if it or the house has too many waiting.
    """
    if why_not := trusted():
        return Answer("error", why_not)
    try:
        return the_keeper().ask(files, sql, who)
    except Busy:
        _hold_up()
        raise


def _hold_up() -> None:
    """Let whoever is sent away hear of it later; else asking again at once would cost others more than the question."""
    if _held_up.acquire(blocking=False):
        try:
            time.sleep(policy.HELD_UP_SECONDS)
        finally:
            _held_up.release()


def patch(read_db: Path, sql: str, line: int, pages: int) -> Patched | Refused:
    """Change rows of the read models in read.db by one statement, once for a line of the journal.

    ``pages`` is how large read.db may become.
    """
    if why_not := trusted():
        return Refused(why_not)
    return the_keeper().patch(read_db, sql, line, pages)
