"""Where in a statement an error is. Python does not pass on the offset that SQLite has, so it is found by the word."""

import re
from collections.abc import Callable, Iterator

from lab.guard.messages import Place

WORDS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r'near "(.+)": syntax error',
        r'unrecognized token: "(.+)"',
        r"no such (?:column|table|function): (\S+)",
        r"has no column named (\S+)",
        r"ambiguous column name: (\S+)",
        r"misuse of (?:aggregate|window function)(?: function)?:? (\w+)",
        r"wrong number of arguments to function (\w+)",
        r"has no field (:\w+)",
        r"the (?:function|table|name) (\w+)",
        r"^(CURRENT_\w+) is not",
        r"the rows of (\w+)",
        r"the DEFAULT of (\w+)",
        r"(?:table|index) (\S+) already exists",
    )
)
"""How messages name the word at which something is wrong."""

ASIDE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?(?:\*/|$)", re.DOTALL)
"""Texts and comments: what stands there is no name."""

CLAUSES = tuple(
    (re.compile(said), re.compile(stands, re.IGNORECASE))
    for said, stands in (
        ("aggregate functions are not allowed in the GROUP BY", r"\bgroup\s+by\b"),
        ("HAVING clause|before HAVING", r"\bhaving\b"),
        (r"left and right of (?:UNION|EXCEPT|INTERSECT)", r"\b(?:union(?:\s+all)?|except|intersect)\b"),
        (r"sub-select returns \d+ columns", r"(?:\bin\s*)?\(\s*(?:select|with|values)\b"),
    )
)
"""Messages that name no word, and the part of a statement that they are about, where it stands but once."""

MOST_TRIES = 20


def place_of(sql: str, said: str, complaint: Callable[[str], str]) -> Place | None:
    """Return where the trouble is that a message tells of; None if it lies nowhere in particular.

    ``complaint`` returns what SQLite says of a beginning of the statement.
    """
    if "incomplete input" in said:
        return place_at(sql, len(sql.rstrip()), "")
    word = next((found[1] for pattern in WORDS if (found := pattern.search(said))), None)
    if word is None:
        return _clause(sql, said)
    spots = list(_spots(sql, word))
    if "syntax error" in said:
        # SQLite reads from left to right: the first spot at which it stumbles is the one.
        stumbles = [spot for spot in spots[:MOST_TRIES] if "syntax error" in complaint(sql[: spot[1]])]
        # Where there was no time to try them, the only spot is the one, and of several it is not known which.
        spots = stumbles or spots * (len(spots) == 1)
    if not spots:
        return None
    # An aggregate that is misused mostly stands in WHERE, behind one that is not.
    start, end = spots[-1 if "misuse" in said else 0]
    return place_at(sql, start, sql[start:end])


def _clause(sql: str, said: str) -> Place | None:
    """Return the only clause that a message can be about."""
    found = next((list(stands.finditer(plain(sql))) for about, stands in CLAUSES if about.search(said)), [])
    if len(found) != 1:
        return None
    return place_at(sql, found[0].start(), sql[found[0].start() : found[0].end()])


def _spots(sql: str, word: str) -> Iterator[tuple[int, int]]:
    """Yield where a word stands, outside of texts and comments, unless it is one."""
    if re.fullmatch(r"[\w.]+", word):
        parts = r"\s*\.\s*".join(rf'["`\[]?{re.escape(part)}["`\]]?' for part in word.split("."))
        yield from (found.span() for found in re.finditer(rf"(?<![\w$]){parts}(?!\w)", plain(sql), re.IGNORECASE))
    elif word.startswith(":"):
        yield from (found.span() for found in re.finditer(rf"[:@$]{re.escape(word[1:])}(?!\w)", plain(sql)))
    else:
        yield from (found.span() for found in re.finditer(re.escape(word), sql))


def plain(sql: str) -> str:
    """Return a statement with blanks for its texts and comments, so that every word stands where it stood."""
    return ASIDE.sub(lambda aside: " " * len(aside[0]), sql)


def place_at(text: str, offset: int, word: str) -> Place:
    """Return the place of an offset in a text."""
    line = text.count("\n", 0, offset) + 1
    return Place(line, offset - (text.rfind("\n", 0, offset) + 1) + 1, offset, word)
