"""What the SELECTs of a lesson say: each gives one value over write.db (w), read.db (r) and lab.db (lab)."""

from collections.abc import Iterable
from typing import Any

from lab import guard
from lab.sandbox import Sandbox

SCHEMAS = {"w": "write.db", "r": "read.db", "lab": "lab.db"}


class Trouble(str):
    """Why a SELECT gave no value; it equals none, so what it was to check has not passed."""

    __slots__ = ()


def values_of(sandbox: Sandbox, statements: Iterable[str]) -> list[Any]:
    """Return the one value of each SELECT, in one round trip to the guard; Trouble where there is none."""
    files = {schema: sandbox.stores.folder / name for schema, name in SCHEMAS.items()}
    return [_value(answer) for answer in guard.values(files, list(statements))]


def value_of(sandbox: Sandbox, sql: str) -> Any:
    """Return the one value of a SELECT."""
    return values_of(sandbox, [sql])[0]


def holds(value: object) -> bool:
    """Tell whether a condition holds that gave this value."""
    return not isinstance(value, Trouble) and bool(value)


def _value(answer: guard.Answer) -> Any:
    if answer.error is not None:
        return Trouble(answer.error)
    value = answer.value
    return int(value) if isinstance(value, float) and value.is_integer() else value
