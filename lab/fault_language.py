"""The lines that break things, and those that look at what broke: from words to actions."""

from collections.abc import Callable
from typing import Any

from cqrs.read.projector import POINTS
from lab import limits
from lab.fault_actions import (
    Crash,
    Dual,
    FaultAction,
    Handler,
    Mode,
    Oracle,
    Poison,
    Race,
    Redeliver,
    Reorder,
    Retry,
    Strategies,
    Travel,
)
from lab.values import BadLine, closest, decimal, identifier, number, pairs, shown

CRASH_POINTS = {**{point: point for point in POINTS}, "after_apply": "before_checkpoint", "off": "off"}
"""Where a crash can be armed; after_apply is another name for the moment between the rows and the checkpoint."""

CHOICES = {
    "dedupe": {"on": "on", "off": "off", "position": "position"},
    "atomic": {"on": "on", "off": "off"},
    "poison": {"halt": "halt", "skip": "skip", "park": "park", "dlq": "park"},
}

SHOPPERS = {"ada": "ada", "ben": "ben"}
RACE_STEPS = ("read_then_write", "guarded", *SHOPPERS)


def _mode(words: list[str]) -> Mode:
    example = "mode sales dedupe=on atomic=on poison=park"
    if len(words) < 2:
        raise BadLine(f"mode needs a read model (or all) and a choice; for example: {example}")
    model, *rest = words
    given = pairs(rest, tuple(CHOICES), example)
    return Mode(
        identifier(model, "a read model"),
        **{name: choice(CHOICES[name], value, f"{name}=") for name, value in given.items()},
    )


def choice(choices: dict[str, Any], value: str, what: str) -> Any:
    """Read one of a few words."""
    if value not in choices:
        raise BadLine(f"{what} must be {', '.join(list(choices)[:-1])} or {list(choices)[-1]}, not {shown(value)}")
    return choices[value]


def _crash(words: list[str]) -> Crash:
    if len(words) != 2:
        raise BadLine("crash needs a read model and a point; for example: crash sales before_checkpoint")
    if words[1] not in CRASH_POINTS:
        raise BadLine(f"there is no point {shown(words[1])}; {closest(words[1], CRASH_POINTS)}")
    return Crash(identifier(words[0], "a read model"), CRASH_POINTS[words[1]])


def _redeliver(words: list[str]) -> Redeliver:
    if len(words) != 2:
        raise BadLine("redeliver needs a read model and the position of an event; for example: redeliver sales 6")
    return Redeliver(identifier(words[0], "a read model"), _position(words[1]))


def _position(word: str) -> int:
    return number(word, "the position", 1, 999_999_999)


def _reorder(words: list[str]) -> Reorder:
    if not 1 <= len(words) <= 2:
        raise BadLine("reorder needs a read model, and may have how many events late; for example: reorder sales 3")
    by = number(words[1], "how many events late", 1, limits.MAX_LATE_EVENTS) if len(words) == 2 else 1
    return Reorder(identifier(words[0], "a read model"), by)


def _retry(words: list[str]) -> Retry:
    if not 1 <= len(words) <= 2:
        raise BadLine(
            "retry needs a read model, and may have the position of a parked event; for example: retry sales 6"
        )
    return Retry(identifier(words[0], "a read model"), _position(words[1]) if len(words) == 2 else None)


def _handler(words: list[str]) -> Handler:
    example = "handler sales v=2"
    if len(words) != 2:
        raise BadLine(f"handler needs a read model and a version; for example: {example}")
    given = pairs(words[1:], ("v",), example)
    return Handler(identifier(words[0], "a read model"), number(given["v"], "the version", 1, 9))


def _dual(words: list[str]) -> Dual:
    example = "dual on crash=yes"
    if not words or words[0] not in ("on", "off"):
        raise BadLine(f"dual is on or off; for example: {example}")
    crash = pairs(words[1:], ("crash",) if words[0] == "on" else (), example).get("crash", "no")
    return Dual(words[0] == "on", choice({"yes": True, "no": False}, crash, "crash="))


def _poison(words: list[str]) -> Poison:
    example = "poison order=old1 customer=c1 product=mug"
    given = pairs(words, ("order", "customer", "product"), example)
    return Poison(**{name: identifier(value, f"{name}=") for name, value in given.items()})


def _oracle(words: list[str]) -> Oracle:
    if len(words) > 1:
        raise BadLine("oracle takes one read model, or none for all; for example: oracle sales")
    return Oracle(identifier(words[0], "a read model") if words else "all")


def _strategies(words: list[str]) -> Strategies:
    example = "strategies seed=7 shoppers=40 timeout=2 late=stale"
    given = pairs(words, ("seed", "shoppers", "timeout", "late"), example)
    usual = Strategies()
    return Strategies(
        number(given["seed"], "seed", 0, 999_999) if "seed" in given else usual.seed,
        number(given["shoppers"], "shoppers", 1, limits.MAX_SHOPPERS) if "shoppers" in given else usual.shoppers,
        decimal(given["timeout"], "timeout", limits.MAX_DELAY_SECONDS) if "timeout" in given else usual.timeout,
        choice({"give_up": "give_up", "stale": "stale"}, given.get("late", usual.late), "late="),
    )


def _race(words: list[str]) -> Race:
    example = "race guarded steps=ada,ben,ada"
    if not words or words[0] not in RACE_STEPS:
        raise BadLine(f"race is read_then_write or guarded to begin, then ada or ben; for example: {example}")
    given = pairs(words[1:], ("steps",) if words[0] not in SHOPPERS else (), example)
    steps = tuple(given["steps"].split(",")) if "steps" in given else ()
    for step in steps:
        choice(SHOPPERS, step, "each of steps=")
    return Race(words[0], steps)  # type: ignore[arg-type]


def _travel(words: list[str]) -> Travel:
    example = "travel 12 since=5"
    if not words:
        raise BadLine(f"travel needs the position of an event; for example: {example}")
    since = pairs(words[1:], ("since",), example).get("since")
    return Travel(
        number(words[0], "the position", 0, 999_999_999),
        number(since, "since", 0, 999_999_999) if since is not None else None,
    )


FAULT_VERBS: dict[str, Callable[[list[str]], FaultAction]] = {
    "mode": _mode,
    "crash": _crash,
    "redeliver": _redeliver,
    "reorder": _reorder,
    "retry": _retry,
    "handler": _handler,
    "poison": _poison,
    "dual": _dual,
    "oracle": _oracle,
    "strategies": _strategies,
    "race": _race,
    "travel": _travel,
}
