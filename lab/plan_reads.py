"""How far a SELECT reads, and what its tables are called, by its text: the plan says neither."""

import re
from collections.abc import Mapping, Sequence

ASIDE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?(?:\*/|$)", re.DOTALL)
"""Texts, names in quotes, and comments."""

IS_SELECT = re.compile(r"\s*(?:select|with|values)\b", re.IGNORECASE)

LIMIT = re.compile(r"\blimit\b", re.IGNORECASE)

GROUPS = re.compile(r"\bgroup\s+by\b", re.IGNORECASE)

SORTS = re.compile(r"\border\s+by\b", re.IGNORECASE)

ADDS_UP = re.compile(r"\b(?:count|sum|avg|total|group_concat|json_group_\w+)\s*\(", re.IGNORECASE)

PERHAPS = re.compile(r"\b(?:min|max|over|union|intersect|except)\b|\blimit\s*-", re.IGNORECASE)
"""What may or may not make a SELECT read to the end."""

ALIASED = r"[\w.]+(?:\s+(?:as\s+)?\w+)?"

FROM = re.compile(rf"\b(?:from|join)\s+({ALIASED}(?:\s*,\s*{ALIASED})*)", re.IGNORECASE)

PLAN_INSIDE = re.compile(r"MATERIALIZE|CO-ROUTINE|COMPOUND|MERGE|(?:CORRELATED )?LIST SUBQUERY")


class Asked:
    """The text of a question: its outermost SELECT, and those in brackets, each without those in its own."""

    def __init__(self, sql: str) -> None:
        plain = ASIDE.sub(" ", sql)
        self.called: Mapping[str, str] = called(plain)
        self.inner: list[str] = []
        # One text for each bracket that is open; a SELECT in brackets leaves its own text behind.
        texts = [""]
        for part in re.split(r"([()])", plain):
            if part == "(":
                texts.append("")
            elif part == ")" and len(texts) > 1:
                text = texts.pop()
                is_select = IS_SELECT.match(text)
                self.inner += [text] if is_select else []
                texts[-1] += " " if is_select else f"({text})"
            else:
                texts[-1] += part
        self.outer = "(".join(texts)
        self._limited_inside = any(LIMIT.search(text) for text in self.inner)

    def outermost(self, beside: Sequence[str]) -> str:
        """Tell whether the outermost SELECT reads every row, some of them, or that this is unknown.

        Only a LIMIT can end it early, and only where nothing has to be sorted or added up before the first row.
        ``beside`` are the outermost steps of its plan.
        """
        if not LIMIT.search(self.outer):
            return "unknown" if self._limited_inside else "every"
        if any(re.match(r"USE TEMP B-TREE FOR (?:ORDER|GROUP) BY", step) for step in beside):
            return "every"
        if PERHAPS.search(self.outer) or any("OF ORDER BY" in step for step in beside):
            return "unknown"
        return "every" if ADDS_UP.search(self.outer) and not GROUPS.search(self.outer) else "some"

    def inside(self, detail: str, around: str) -> str:
        """Tell the same of a step and of what stands inside, where the step ``around`` it reads so far."""
        if "SCALAR SUBQUERY" in detail:
            return self._for_one_value()
        if PLAN_INSIDE.match(detail) and (around != "every" or self._limited_inside):
            return "unknown"
        return around

    def _for_one_value(self) -> str:
        """Tell it of a SELECT for one value: it needs no row behind the first, unless it adds up or sorts."""
        adding = {bool(ADDS_UP.search(text)) for text in self.inner}
        if len(adding) != 1 or any(each.search(text) for text in self.inner for each in (PERHAPS, GROUPS, SORTS)):
            return "unknown"
        return "every" if adding == {True} else "some"


def called(plain: str) -> dict[str, str]:
    """Return the tables that FROM calls by another name, by that name; one that means two tables is left out."""
    found: dict[str, set[str]] = {}
    for table, name in named_in(plain):
        found.setdefault(name, set()).add(table)
    return {name: next(iter(tables)) for name, tables in found.items() if len(tables) == 1 and tables != {name}}


def named_in(plain: str) -> list[tuple[str, str]]:
    """Return each table that FROM names, with what it is called."""
    each = [part.split() for listed in FROM.findall(plain) for part in listed.split(",")]
    return [(words[0].removeprefix("main."), words[-1]) for words in each]
