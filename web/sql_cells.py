"""The rows of an answer, as a table shows them and as files carry them."""

import json
import re
from typing import Any, NamedTuple

from web.cells import may_name_somebody

CUT_CHARS = 160
CUT_LINES = 6
"""A longer value is cut, and shown whole on demand."""

UNSEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
"""Control characters, and the pictures that Unicode has for them."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""

QUOTED = re.compile(r'[",\r\n]|^\s|\s$')
"""What is in a text that needs quotes in CSV."""


NUMBERS = ("integer", "real", "integer or real")

BYTES = re.compile(r"x'((?:[0-9a-f]{2})*)'")


class Cell(NamedTuple):
    """A value: its class, what is shown of it at once, the whole if that was cut, and whether it may name somebody.

    ``size`` is told beside bytes.
    """

    kind: str
    text: str
    whole: str | None = None
    person: bool = False
    size: str | None = None


def cell(value: Any, kind: str) -> Cell:
    """Return how a value is shown that stands in a column of that type."""
    if value is None:
        return Cell("null n" if kind in NUMBERS else "null", "NULL")
    if isinstance(value, int | float) or kind in NUMBERS:
        return Cell("n", str(value))
    if value == "":
        return Cell("null", "empty text")
    text = value.translate(UNSEEN)
    start = "\n".join(text[:CUT_CHARS].split("\n")[:CUT_LINES])
    found = BYTES.fullmatch(value) if kind == "blob" else None
    size = f"{len(found[1]) // 2:,} {'byte' if len(found[1]) == 2 else 'bytes'}" if found else None
    shown, whole = (text, None) if len(start) == len(text) else (f"{start}…", text)
    return Cell("", shown, whole, size=size)


def table(found: dict[str, Any]) -> dict[str, Any]:
    """Return the heads and the rows of an answer."""
    heads = list(zip(found["columns"], found["types"], strict=True))
    rows = [[cell(value, kind) for value, (_, kind) in zip(row, heads, strict=True)] for row in found["rows"]]
    for at in (at for at, (name, _) in enumerate(heads) if may_name_somebody(name)):
        for row in rows:
            row[at] = row[at]._replace(kind=f"{row[at].kind} person".strip(), person=True)
    return {"heads": heads, "rows": rows}


def as_of(found: dict[str, Any]) -> int | None:
    """Return the event up to which an answer knows everything: where the slowest of its read models stood.

    An answer of the read store that names no read model is as of no event.
    """
    if found["store"] == "write":
        return int(found["head"])
    return min((int(at["from"]) for at in found["read_at"]), default=None)


def as_csv(found: dict[str, Any]) -> str:
    """Write the rows of an answer as CSV that a spreadsheet can open without obeying what stands in a text.

    NULL is nothing at all between two commas, an empty text is two quotes; alone in its row, NULL has to be that too.
    """
    rows = [found["columns"], *found["rows"]]
    return "".join(",".join(map(_field, row)) + "\r\n" if row != [None] else '""\r\n' for row in rows)


def _field(value: Any) -> str:
    if value is None or not isinstance(value, str):
        return "" if value is None else str(value)
    text = f"'{value}" if value.startswith(FORMULA) else value
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if QUOTED.search(text) or not text else text


def as_json(found: dict[str, Any], sql: str) -> str:
    """Write an answer as JSON: what was asked, and as of which event, beside the rows and their types."""
    kept = {name: found[name] for name in ("columns", "types", "rows", "cut", "work")}
    asked = {"store": found["store"], "sql": sql, "as_of_event": as_of(found)}
    return json.dumps(asked | kept, ensure_ascii=False, indent=1)
