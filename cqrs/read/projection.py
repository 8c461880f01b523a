"""A projection is a .sql file: the table of one read model, and what each event does to it.

    -- key: product_id                      the column (or columns) that name a row
    -- title: Product page                  optional: what the page that it fills is called
    -- find: <condition with :key>          optional: how a query looks for a key, if not by equality
    CREATE TABLE product_card (...);        the table bears the name of the file
    -- on ProductAdded                      the statements that apply one type of event; its fields are
    INSERT INTO product_card VALUES (...);  the parameters, and so are :position and :event_id
    -- rebuild                              optional: fills the table from the whole log (log.events,
    INSERT INTO product_card SELECT ...;    up to :head) at once, to the same rows

An event type without a block changes nothing. A parameter that an event lacks is an error, never null.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from cqrs.sql import statements

BUILT_IN = Path(__file__).with_name("projections")

_HEADER = re.compile(r"^--\s*(key|title|find):\s*(.+?)\s*$")
_BLOCK = re.compile(r"^--\s*(?:on\s+(\w+)|(rebuild))\s*$")


class ProjectionError(Exception):
    """A projection file cannot be read; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Projection:
    name: str
    source: str
    title: str
    key: tuple[str, ...] = ()
    find: str = ""
    create: tuple[str, ...] = ()
    on: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rebuild: tuple[str, ...] = ()

    @property
    def searched(self) -> bool:
        """Tell whether a key is looked for in a way of its own, and not by equality."""
        return self.find != by_equality(self.key)


def parse(name: str, source: str) -> Projection:
    """Read a projection from the text of its file; raise ProjectionError where something is missing."""
    headers: dict[str, str] = {}
    blocks: dict[str, str] = {"": ""}
    block = ""
    for line in source.splitlines(keepends=True):
        if header := _HEADER.match(line):
            headers[header[1]] = header[2]
        elif opening := _BLOCK.match(line):
            block = opening[1] or "-- rebuild"
            blocks[block] = ""
        else:
            blocks[block] += line
    if "key" not in headers:
        raise ProjectionError(f"{name} has no line '-- key: <column>'")
    key = tuple(column.strip() for column in headers["key"].split(","))
    ready = {block: tuple(statements(text)) for block, text in blocks.items()}
    create = ready.pop("")
    if not create:
        raise ProjectionError(f"{name} creates no table")
    rebuild = ready.pop("-- rebuild", ())
    title, find = headers.get("title", name), headers.get("find", by_equality(key))
    return Projection(name, source, title, key, find, create, ready, rebuild)


def by_equality(key: tuple[str, ...]) -> str:
    """Return the condition that looks for a key where the file says nothing else."""
    return f"{key[0]} = :key"


def load(path: Path) -> Projection:
    """Read the projection in a .sql file; its name is the name of the file."""
    return parse(path.stem, path.read_text(encoding="utf-8"))


def built_in() -> dict[str, Projection]:
    """Return the projections that Lagoon brings, by name."""
    return {path.stem: load(path) for path in sorted(BUILT_IN.glob("*.sql"))}
