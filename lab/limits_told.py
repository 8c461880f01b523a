"""Every limit in words: what it bounds, its value as a person writes it, and what happens when it is reached."""

import sqlite3
import tomllib
from contextlib import closing
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

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
    """Limits that belong together, under a title; some are only for whoever runs a server."""

    title: str
    limits: list[Told]
    for_a_server: bool = False


class Short(NamedTuple):
    """What learners ask first, with the limits that answer it."""

    asks: str
    says: list[str]


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def groups() -> list[Group]:
    """Return every limit that has words, in the order in which they are told."""
    values = named()
    return [
        Group(
            group["title"],
            [Told(name, what, shown(name, values[name]), then) for name, (what, then) in group["limits"].items()],
            group.get("for_a_server", False),
        )
        for group in _file()["group"]
    ]


@cache
def in_short() -> list[Short]:
    """Return what learners ask first, with the values that the program goes by."""
    values = {name: shown(name, value) for name, value in named().items()}
    return [Short(short["asks"], [said.format(**values) for said in short["says"]]) for short in _file()["short"]]


@cache
def functions() -> list[str]:
    """Return the functions that a question may call, as far as this SQLite has them; operators are none."""
    with closing(sqlite3.connect(":memory:")) as connection:
        there = {name for (name,) in connection.execute("SELECT DISTINCT name FROM pragma_function_list")}
    return sorted(name for name in policy.ASK.functions & there | policy.SEARCH if name[0].isalpha())


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
