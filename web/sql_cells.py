"""The rows of an answer, as a table shows them and as files carry them."""

import csv
import io
import json
from typing import Any, NamedTuple

CUT_CHARS = 160
"""A longer value is cut, and shown whole on demand."""

UNSEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
"""Control characters, and the pictures that Unicode has for them."""

OF_PEOPLE = frozenset({"name", "customer_name", "email", "args", "payload", "holds"})
"""Columns that may name somebody: presenter view hides them."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""


NUMBERS = ("integer", "real", "integer or real")


class Cell(NamedTuple):
    """A value: its class, what is shown of it at once, the whole if that was cut, and whether it may name somebody."""

    kind: str
    text: str
    whole: str | None = None
    person: bool = False


def cell(value: Any, kind: str) -> Cell:
    """Return how a value is shown that stands in a column of that type."""
    if value is None:
        return Cell("null", "NULL")
    if isinstance(value, int | float) or kind in NUMBERS:
        return Cell("n", str(value))
    text = value.translate(UNSEEN)
    return Cell("", f"{text[:CUT_CHARS]}…", text) if len(text) > CUT_CHARS else Cell("", text)


def table(found: dict[str, Any]) -> dict[str, Any]:
    """Return the heads and the rows of an answer."""
    heads = list(zip(found["columns"], found["types"], strict=True))
    rows = [[cell(value, kind) for value, (_, kind) in zip(row, heads, strict=True)] for row in found["rows"]]
    for at in (at for at, (name, _) in enumerate(heads) if name in OF_PEOPLE):
        for row in rows:
            row[at] = row[at]._replace(kind=f"{row[at].kind} person".strip(), person=True)
    return {"heads": heads, "rows": rows}


def as_csv(found: dict[str, Any]) -> str:
    """Write the rows of an answer as CSV that a spreadsheet can open without obeying what stands in a text."""
    text = io.StringIO()
    csv.writer(text).writerows([_tame(value) for value in row] for row in (found["columns"], *found["rows"]))
    return text.getvalue()


def _tame(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(found: dict[str, Any]) -> str:
    """Write an answer as JSON, without what only a person needs."""
    kept = {name: found[name] for name in ("store", "columns", "types", "rows", "cut", "work")}
    return json.dumps(kept, ensure_ascii=False, indent=1)
