"""instr, replace and trim, in a time that grows with the text and not with its square.

SQLite compares at each place anew, and nothing is looked at during one call: with long texts, one call takes longer
than a statement may. Python searches in linear time, and what these answer is the same.
"""

import sqlite3
from functools import partial

from lab.guard.policy import LIMITS

Value = str | bytes | int | float | None

MOST_BYTES = LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]


def put(connection: sqlite3.Connection) -> None:
    """Put them in the place of SQLite's own."""
    connection.create_function("instr", 2, instr, deterministic=True)
    connection.create_function("replace", 3, replace, deterministic=True)
    for name, left, right in (("trim", True, True), ("ltrim", True, False), ("rtrim", False, True)):
        connection.create_function(name, 2, partial(trim, left=left, right=right), deterministic=True)


def instr(whole: Value, part: Value) -> int | None:
    """Return where a part begins, from 1; 0 if it is nowhere."""
    if whole is None or part is None:
        return None
    if isinstance(whole, bytes) and isinstance(part, bytes):
        return whole.find(part) + 1
    return _text(whole).find(_text(part)) + 1


def replace(whole: Value, part: Value, other: Value) -> Value:
    """Put another part in the place of each that is there."""
    if whole is None or part is None:
        return None
    text, old = _text(whole), _text(part)
    if not old:
        return text if isinstance(whole, bytes) else whole
    if other is None:
        return None
    new = _text(other)
    if len(text) + text.count(old) * (len(new) - len(old)) > MOST_BYTES:
        # SQLite says that it is too big, before it is made.
        return "x" * (MOST_BYTES + 1)
    return text.replace(old, new)


def trim(value: Value, characters: Value, *, left: bool, right: bool) -> str | None:
    """Take characters away from the ends of a text."""
    if value is None or characters is None:
        return None
    # SQLite reads the characters up to one that is zero.
    text, away = _text(value), frozenset(_text(characters).partition("\0")[0])
    start, end = 0, len(text)
    while left and start < end and text[start] in away:
        start += 1
    while right and start < end and text[end - 1] in away:
        end -= 1
    return text[start:end]


def _text(value: str | bytes | float) -> str:
    """Return a value as SQLite turns it into text."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        digits, e, exponent = f"{value:.15g}".replace("inf", "Inf").partition("e")
        return digits + (".0" if digits.lstrip("-").isdigit() else "") + e + exponent
    return str(value)
