"""The workers of this process: begun when somebody first asks, tried before they are trusted, and ended with it."""

import atexit
import os
import sqlite3
import threading

from lab.guard import policy
from lab.guard.keeper import Keeper
from lab.guard.messages import Sing, Trusted

OFF = "SQL that people type is switched off on this server, because its SQLite {} does not keep to the guard: {}"

_keepers: dict[int, Keeper] = {}
_trusted: list[str | None] = []
_trying = threading.Lock()


def the_keeper() -> Keeper:
    """Return who keeps the workers of this process."""
    # A forked child must not talk to its parent's workers.
    pid = os.getpid()
    return _keepers.get(pid) or _keepers.setdefault(pid, Keeper())


def within(computing: float) -> float:
    """Return in how many seconds a reply has to be there, for so many seconds of computing."""
    return computing + policy.GRACE_SECONDS


def trusted() -> str | None:
    """Return None if this SQLite holds what the guard builds on, else why it is not trusted; found out once."""
    with _trying:
        if not _trusted:
            why_not = _tried()
            _trusted.append(why_not and OFF.format(sqlite3.sqlite_version, why_not))
        return _trusted[0]


def _tried() -> str | None:
    try:
        told = the_keeper().once(Sing(), Trusted, within(policy.BATCH_SECONDS))
    except OSError as error:
        return f"no worker can be started: {error}"
    return told.why_not if isinstance(told, Trusted) else "the worker did not survive being tried"


def close() -> None:
    """End the workers of this process; the next request starts others."""
    if (kept := _keepers.pop(os.getpid(), None)) is not None:
        kept.close()


atexit.register(close)
