"""Every limit in words: what it bounds, its value as a person writes it, and what happens when it is reached."""

import sqlite3
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from cqrs import sql
from lab import limits
from lab.guard import policy

FILE = Path(__file__).with_name("limits.toml")

UNITS = {"KILOBYTE", "MEGABYTE", "SECOND", "MINUTE", "HOUR", "DAY"}


class Told(NamedTuple):
    """One limit."""

    name: str
    what: str
    value: str
    reached: str


class Group(NamedTuple):
    """Limits that belong together, under a title."""

    title: str
    limits: list[Told]


@cache
def groups() -> list[Group]:
    """Return every limit that has words, in the order in which they are told."""
    values = named()
    return [
        Group(group["title"], [Told(name, what, shown(name, values[name]), then) for name, (what, then) in told])
        for group in tomllib.loads(FILE.read_text(encoding="utf-8"))["group"]
        for told in [group["limits"].items()]
    ]


def named() -> dict[str, float]:
    """Return the value of every limit by its name in the code."""
    found = {name: value for module in (limits, policy, sql) for name, value in _numbers(module).items()}
    sqlite = {number: name for name, number in vars(sqlite3).items() if name.startswith("SQLITE_LIMIT_")}
    return found | {sqlite[number]: value for number, value in policy.LIMITS.items()}


def _numbers(module: ModuleType) -> dict[str, float]:
    everything = {name: value for name, value in vars(module).items() if name.isupper() and name not in UNITS}
    return {name: value for name, value in everything.items() if type(value) in (int, float)}


def shown(name: str, value: float) -> str:
    """Write a limit as a person would, by the unit that its name ends with."""
    if name.endswith("_PER_SECOND"):
        return f"{value:,} a second"
    if name.endswith("_SECONDS"):
        sizes = {"days": limits.DAY, "h": limits.HOUR, "min": limits.MINUTE, "s": limits.SECOND, "ms": 0.001}
        unit = next((unit for unit, size in sizes.items() if value >= size and value % size == 0), "ms")
        return f"{value / sizes[unit]:g} {unit}"
    if name.endswith("_BYTES"):
        sizes = {"MB": limits.MEGABYTE, "kB": limits.KILOBYTE, "bytes": 1}
        unit = next(unit for unit, size in sizes.items() if value % size == 0)
        return f"{value / sizes[unit]:,.0f} {unit}"
    return f"{value:,}"


def markdown() -> str:
    """Return all of it as the README has it."""
    head = "| what | limit | when it is reached | name |\n|---|---|---|---|\n"
    tables = {
        group.title: "".join(f"| {one.what} | {one.value} | {one.reached} | `{one.name}` |\n" for one in group.limits)
        for group in groups()
    }
    return "\n".join(f"### {title}\n\n{head}{rows}" for title, rows in tables.items())


if __name__ == "__main__":
    print(markdown(), end="")
