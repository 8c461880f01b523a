"""What to do about what will not do for an event: its fields are what people who know SQL meet here first."""

import re

from lab.guard import policy
from lab.guard.messages import Place
from lab.guard.places import place_at, plain
from lab.values import closest

PARAMETER = re.compile(r"(?<!:)[:@$](\w+(?:::\w+)*)")
"""A parameter as SQLite reads it: what looks like the cast of another database is a part of its name."""
UNSTEADY = re.compile(
    rf"\bcurrent_(?:date|time|timestamp)\b|\b(?:{'|'.join(sorted(policy.CLOCK | policy.CHANCE))})(?=\s*\()",
    re.IGNORECASE,
)
"""What gives another answer in the next rebuild."""

BEGINNING = re.compile(r'near "((?i:insert|update|delete|create|select|with|replace))": syntax error')
SEMICOLON = "A statement ends with a semicolon: is one missing before this word?"
ITS_OWN_ONLY = "A read model reads and changes its own table only; what it needs of others comes with the event."


def unknown(sql: str, fields: tuple[str, ...]) -> list[Place]:
    """Return where a statement has parameters that are no fields, each of them once."""
    found: dict[str, Place] = {}
    for spot in PARAMETER.finditer(plain(sql)):
        if spot[1] not in fields:
            found.setdefault(spot[1], place_at(sql, spot.start(), spot[0]))
    return list(found.values())


def nearest(word: str, fields: tuple[str, ...]) -> str:
    """Say which field was probably meant: one that has the word in its name, or is spelled much like it."""
    meant = [f":{field}" for field in fields if word in field or field in word]
    if meant:
        return f"did you mean {' or '.join(meant)}?"
    named = [f":{field}" for field in fields]
    said = closest(f":{word}", named)
    return said if said.startswith("did you") else f"its fields are {', '.join(named)}"


def unsteady(sql: str) -> list[Place]:
    """Return where a statement asks for the time, or leaves something to chance."""
    return [place_at(sql, spot.start(), spot[0]) for spot in UNSTEADY.finditer(plain(sql))]


def instead(word: str, fields: tuple[str, ...]) -> str:
    """Say what to take where a statement asks for the time, or leaves something to chance."""
    days = [field for field in fields if field.endswith("_on")] if word.lower() in policy.CLOCK else []
    return f"Take :{(*days, 'position')[0]}: it comes with the event, so that every rebuild gets the same row."


def of_a_column(name: str, fields: tuple[str, ...], columns: list[str]) -> str | None:
    """Say that a field has a colon, where a name that is no column may have been meant for one."""
    if name in fields:
        return f"A field of the event has a colon: :{name}"
    if name in columns:
        return f"A column has no value here yet. A field of the event has a colon: {nearest(name, fields)}"
    return None


def of_a_syntax_error(said: str, sql: str, place: Place | None) -> str | None:
    """Say what to do where SQLite stumbles over a field that stands for a table, or over the next statement."""
    if field := re.search(r'near ":(\w+)": syntax error', said):
        return f"A field is one value and no table. If it is a list, json_each(:{field[1]}) has a row for each entry."
    if place and BEGINNING.search(said) and not sql[: place.offset].rpartition("\n")[2].strip():
        return SEMICOLON
    return None
