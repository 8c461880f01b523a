"""What to mind with rows that were answered, where the question perhaps meant others."""

import re
import sqlite3

from lab.guard.stumbles import KEYWORDS
from lab.plan_reads import ADDS_UP, Asked, named_in

NEVER = re.compile(r"(?<![<>!=])(?P<same>==?)\s*null\b|(?:<>|!=)\s*null\b", re.IGNORECASE)

SELECT = re.compile(r"\bselect\s+(?:distinct\s+)?", re.IGNORECASE)

FROM = re.compile(r"\bfrom\b", re.IGNORECASE)

TWO_NAMES = re.compile(r"(?:\w+\.)?([a-z_]\w*)\s+([a-z_]\w*)", re.IGNORECASE)

ONE_NAME = re.compile(r"(?:\w+\.)?([a-z_]\w*)(?:\s+as\s+(\w+))?", re.IGNORECASE)

GROUPED = re.compile(
    r"\bgroup\s+by\b(.*?)(?:\bhaving\b|\border\s+by\b|\blimit\b|\bwindow\b|;|$)", re.IGNORECASE | re.DOTALL
)

PICKS = re.compile(r"\b(?:min|max|union|intersect|except|over)\b", re.IGNORECASE)
"""Where one of these stands, a column beside GROUP BY may well be meant."""


TOGETHER = re.compile(r"\b(?:on|using|natural|cross|where)\b|\(", re.IGNORECASE)
"""Where one of these stands, it may well be said which rows of two tables belong together."""


def minded(connection: sqlite3.Connection, sql: str) -> str | None:
    """Say what to mind with the rows of a question; None if nothing is known."""
    asked = Asked(sql)
    for text in (asked.outer, *asked.inner):
        if found := NEVER.search(text):
            sign, instead = ("=", "IS NULL") if found["same"] else ("<>", "IS NOT NULL")
            return f"{sign} NULL is never true, whatever is compared: write {instead}."
    start = SELECT.search(asked.outer)
    end = FROM.search(asked.outer, start.end()) if start else None
    if start is None or end is None or "union" in asked.outer.lower():
        return None
    columns = _columns(connection, asked.outer)
    items = _items(asked.outer[start.end() : end.start()])
    return (
        _no_comma(items, columns)
        or _by_chance(items, columns, asked.outer)
        or _one_group(items, columns, asked.outer)
        or _every_pair(asked.outer[end.start() :])
    )


def _items(listed: str) -> list[str]:
    """Return what stands between the commas of a list that stand in no bracket."""
    items, depth = [""], 0
    for part in re.split(r"([(),])", listed):
        depth += {"(": 1, ")": -1}.get(part, 0)
        if part == "," and depth == 0:
            items.append("")
        else:
            items[-1] += part
    return [item.strip() for item in items]


def _columns(connection: sqlite3.Connection, outer: str) -> dict[str, bool]:
    """Return the columns of the tables in FROM, and whether each is a key by itself."""
    found: dict[str, bool] = {}
    for table in {table for table, _ in named_in(outer)}:
        told = connection.execute("SELECT name, pk FROM pragma_table_info(?)", (table,)).fetchall()
        keys = [name for name, pk in told if pk]
        for name, _ in told:
            found[name.lower()] = found.get(name.lower(), False) or keys == [name]
    return found


def _no_comma(items: list[str], columns: dict[str, bool]) -> str | None:
    for item in items:
        found = TWO_NAMES.fullmatch(item)
        if (
            found
            and all(name.lower() in columns and name.lower() not in KEYWORDS for name in found.groups())
            and found[1].lower() != found[2].lower()
        ):
            return f"{found[2]} is only another name for {found[1]} here. A comma between them asks for both columns."
    return None


def _by_chance(items: list[str], columns: dict[str, bool], outer: str) -> str | None:
    grouped = GROUPED.search(outer)
    if not grouped or PICKS.search(outer):
        return None
    groups = [ONE_NAME.fullmatch(each.strip()) for each in grouped[1].split(",")]
    by = {each[1].lower() for each in groups if each}
    if None in groups or not by <= columns.keys() or any(columns[name] for name in by):
        return None
    for item in items:
        found = ONE_NAME.fullmatch(item)
        if found and found[1].lower() in columns and not {found[1].lower(), (found[2] or "").lower()} & by:
            return (
                f"{item.split()[0]} is neither behind GROUP BY nor in a function such as max: "
                "SQLite takes it from any one row of each group."
            )
    return None


def _one_group(items: list[str], columns: dict[str, bool], outer: str) -> str | None:
    """Say that a column beside count or sum is of any one row, where nothing groups and no condition settles it."""
    if GROUPED.search(outer) or PICKS.search(outer) or not any(ADDS_UP.match(item) for item in items):
        return None
    for item in items:
        found = ONE_NAME.fullmatch(item)
        if found and found[1].lower() in columns and not re.search(rf"\b{found[1]}\s*(?:=|is\b|in\b)", outer, re.I):
            name = item.split()[0]
            return (
                f"Without GROUP BY all rows are one group, and SQLite takes {name} from any one of them: "
                f"GROUP BY {name} gives a row for each."
            )
    return None


def _every_pair(behind: str) -> str | None:
    """Say that nothing tells which rows of two tables belong together."""
    tables = [table for table, _ in named_in(behind)]
    if len(tables) < 2 or TOGETHER.search(behind):
        return None
    first, second = tables[:2]
    return f"Every row of {first} stands beside every row of {second}: JOIN … ON or WHERE says which belong together."
