"""The text of a read model of one's own, before anybody runs it: what it begins with, and what it is called."""

import re
from pathlib import Path

from cqrs.read.projection import Projection, ProjectionError, parse
from lab.guard import policy
from lab.own_language import NAME

MADE = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"`\[]?(\w+)", re.IGNORECASE)
NOT_IN_NAMES = re.compile(r"[^a-z0-9_]+")
OF_THE_HOUSE = re.compile(r"^--\s*(?:title|find):.*\n", re.MULTILINE)
REBUILD = re.compile(r"^--\s*rebuild\s*$", re.MULTILINE)

NO_COPY = {
    "product_search": "Its table is a virtual one. Those are closed to SQL that people type, "
    "because a virtual table runs code of its own.",
}
"""The built-in read models that cannot be copied, and why."""

STARTER = """\
-- How many orders of each day still stand. Change it to what you need.
-- A line with two dashes is a comment. Those that begin with "key:" or "on" are read:
-- the key names the column that is different in every row.
-- key: placed_on

CREATE TABLE {name} (
    placed_on  TEXT PRIMARY KEY,
    orders     INTEGER NOT NULL,
    from_event INTEGER NOT NULL
);

-- What stands below is done once for each OrderPlaced. Its fields are the parameters.
-- on OrderPlaced
INSERT INTO {name} VALUES (:placed_on, 1, :position)
ON CONFLICT (placed_on) DO UPDATE
SET orders = orders + 1, from_event = :position;

-- on OrderCancelled
UPDATE {name}
SET orders = orders - 1, from_event = :position
WHERE placed_on = :placed_on;
"""


def starter(name: str) -> str:
    """Return a small file that is right as it stands, and teaches the form."""
    return STARTER.format(name=name)


def copied(source: str, name: str) -> str:
    """Return the text of a read model under another name, without what only the built-in ones have."""
    kept = OF_THE_HOUSE.sub("", source)
    rebuild = REBUILD.search(kept)
    if rebuild:
        kept = kept[: rebuild.start()].rstrip() + "\n"
    return renamed(kept, name)


def made_by(source: str) -> str | None:
    """Return the name of the table that a text makes; None if it makes none."""
    found = MADE.search(source)
    return found[1] if found else None


def renamed(source: str, name: str) -> str:
    """Return a text with another name for its table, wherever the old one stands as a word."""
    old = made_by(source)
    return re.sub(rf"\b{re.escape(old)}\b", lambda _: name, source) if old else source


def free(wanted: str, taken: set[str]) -> str:
    """Return a name that is like the one wanted, and that nobody has."""
    name = NOT_IN_NAMES.sub("_", wanted.lower()).strip("_")
    name = name if name[:1].isalpha() else f"my_{name}".rstrip("_")
    tries = [name, *(f"{name[: policy.OWN_NAME_CHARS - 4]}_{number}" for number in range(2, 1000))]
    return next(each for each in tries if each not in taken and len(each) <= policy.OWN_NAME_CHARS)


AGAIN = re.compile(r"\s*\(\d+\)$")
"""What a browser puts behind the name of a file that is there already."""


def name_of(source: str, filename: str) -> str:
    """Return the name that a file stands for: that of the table it makes, or else its own, as it was first called."""
    made = made_by(source)
    return made if made and NAME.fullmatch(made) else AGAIN.sub("", Path(filename).stem)


def about(source: str) -> str:
    """Return what the first comment of a file says; the one that names the key says nothing of what it is for."""
    first = source.partition("\n")[0]
    said = first.removeprefix("--").strip() if first.startswith("--") else ""
    return "" if said.startswith("key:") else said


def read(name: str, source: str) -> Projection | None:
    """Return what a text says, as far as it can be read at all."""
    try:
        return parse(name, source)
    except ProjectionError:
        return None


def why_not_brought(source: str) -> str | None:
    """Say why a text cannot be opened at all; None if it can."""
    if not source.strip():
        return "There is nothing in it. Choose a file, or paste its text."
    if len(source) > policy.OWN_FILE_CHARS:
        return f"It has {len(source):,} characters, and a read model has at most {policy.OWN_FILE_CHARS:,}."
    return None
