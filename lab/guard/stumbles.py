"""Where SQLite stumbles over the grammar of a statement: what was probably meant, by the words around the place."""

import re
from collections.abc import Callable, Collection

from lab.guard.messages import Place
from lab.guard.places import ASIDE
from lab.values import near

CLAUSES = {"select": 0, "from": 1, "where": 2, "group": 3, "having": 4, "order": 5, "limit": 6}
"""The words that begin a part of a SELECT, and in which order the parts stand."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


KEYWORDS = _words("""
    and as asc between by case cast cross desc distinct else end except exists from full glob group having in inner
    intersect is join left like limit natural not null offset on or order outer over partition recursive right select
    then union using values when where with
""")

TAKEN = _words("""
    add all alter and as autoincrement between case check collate commit constraint create default deferrable delete
    distinct drop else escape except exists foreign from group having in index insert intersect into is isnull join
    limit not nothing notnull null on or order primary references returning select set table then to transaction union
    unique update using values when where
""")
"""Words that SQLite takes for no name of a table or a column."""

NAMES_TOO = _words("""
    add all alter check collate commit constraint create default delete drop group index insert limit order primary
    references select set table to transaction union unique update values
""")
"""Those of them that somebody would call a table or a column."""

WANTS_MORE = _words("where and or not on by from join in like between having set = < > + - / | &")
"""Behind these something has to stand before the next part of a SELECT."""

BEFORE_A_NAME = _words("select distinct from join by as on where and or not when then else , . ( = < > + - * /")

ELSEWHERE = {
    "top": "SQLite has no TOP: write LIMIT and the number at the end.",
    "fetch": "SQLite has no FETCH: write LIMIT and the number at the end.",
    "ilike": "SQLite has no ILIKE: its LIKE takes large and small letters for the same.",
    "apply": "SQLite has no APPLY: write JOIN, or a SELECT in brackets.",
}
"""What other databases have, and SQLite says otherwise."""

CURLY = re.compile("[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]")
STRAIGHT = "These quotes are bent, and no quotes to SQL: a text stands between straight single ones, as in 'Lamp'."

TOKEN = re.compile(r"\w+|[^\w\s]")

NO_INTERVAL = "SQLite has no INTERVAL: date(day, '+1 day') is a day later, date(day, '-1 month') a month earlier."

GENERAL = (
    "SQLite could read everything before this. Look at this word and the one before it: is a comma too many or "
    "too few, is a word missing, is it a name that needs double quotes?"
)


def about(
    said: str,
    sql: str,
    place: Place | None,
    known: Collection[str] = (),
    taken: Callable[[str, str], str | None] = lambda word, last: None,
) -> str | None:
    """Say what to do about an error of grammar; None if it is another one. ``known`` are names that are spelled right.

    ``taken`` tells what a word of SQL means that stands where a name should, behind another word.
    Without the statement and the place, only what holds of every one can be said.
    """
    if "unrecognized token" in said:
        return _token(said, sql)
    if "incomplete input" in said:
        return _too_early(_plain(sql))
    if "syntax error" not in said:
        return None
    if place is None:
        return GENERAL
    if CURLY.search(_plain(sql)):
        return STRAIGHT
    before = [token.lower() for token in TOKEN.findall(_plain(sql[: place.offset]))]
    word = place.word.lower()
    behind = TOKEN.findall(_plain(sql[place.offset + len(word) :]))[:1]
    named = word == "limit" or (word in ("order", "group") and [*map(str.lower, behind)] != ["by"])
    part = word if word in CLAUSES and not named else ""
    return (
        _extract(word, before, sql[place.offset + len(word) :])
        or _brackets(word, part, before)
        or _order(word, part, before)
        or _missing(word, part, before, known)
        or _meant(place.word, part, before, known, taken)
        or GENERAL
    )


def _token(said: str, sql: str) -> str:
    token = said.partition('unrecognized token: "')[2].removesuffix('"')
    if CURLY.search(token):
        return STRAIGHT
    if token.lower().startswith("x'"):
        return "Bytes are written as pairs of hexadecimal digits: x'00ff'."
    if token.startswith(":") and "::" in sql:
        return _cast(sql)
    if re.match(r"\d", token):
        return "A name that begins with a digit needs double quotes, and a text single ones."
    if not token.startswith(("'", '"', "`", "[")):
        return f"SQL has no sign {token[:1]} here. If it belongs to a text, that stands in single quotes."
    return "A quote that is opened has to be closed; a quote inside a text is written twice: 'it''s'."


CASTS = {
    "CAST({} AS INTEGER)": _words("int integer int4 int8 bigint smallint"),
    "CAST({} AS REAL)": _words("float real double numeric decimal float8"),
    "CAST({} AS TEXT)": _words("text varchar char string"),
    "date({})": _words("date"),
    "datetime({})": _words("timestamp timestamptz datetime"),
}
"""How SQLite writes what others write as value::type."""


def _cast(sql: str) -> str:
    found = re.search(r"(?:(?<![\w.])([\w.]+))?\s?::\s?(\w+)", _plain(sql))
    written = next((cast for cast, types in CASTS.items() if found and found[2].lower() in types), "CAST({} AS TEXT)")
    return f"SQLite has no ::, it writes {written.format((found and found[1]) or 'a')}."


PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S", "week": "%W"}


WITH_COMMAS = {"substring": "substr(text, start, length)", "trim": "trim(text, what)"}


def _extract(word: str, before: list[str], behind: str) -> str | None:
    """Say what stands for EXTRACT(YEAR FROM day), and for others that have a FROM in their brackets."""
    opened = before[-3:-1] if before[-3:-1][-1:] == ["("] else before[-4:-2]
    if word == "from" and opened[-1:] == ["("] and opened[0] in WITH_COMMAS:
        return f"SQLite has no FROM in {opened[0].upper()}(): it writes {WITH_COMMAS[opened[0]]}."
    if word != "from" or before[-3:-1] != ["extract", "("]:
        return None
    value = re.match(r"\s*([\w.]+)\s*\)", behind)
    return f"SQLite has no EXTRACT: write strftime('{PARTS.get(before[-1], '%Y')}', {value[1] if value else 'day'})."


def _too_early(plain: str) -> str:
    tokens = [token.lower() for token in TOKEN.findall(plain)]
    if tokens.count("(") > tokens.count(")"):
        return "It ends too early: is a bracket or a word missing? One that is opened is not closed."
    if tokens.count("case") > tokens.count("end"):
        return "It ends too early: CASE needs its END."
    last = tokens[-1].upper() if tokens and (tokens[-1] in KEYWORDS or not tokens[-1].isalnum()) else ""
    return f"It ends too early: is a word missing behind {last}?" if last else "It ends too early: is a word missing?"


def _brackets(word: str, part: str, before: list[str]) -> str | None:
    """Say what is wrong with brackets and commas; ``part`` is the word, if it begins a part of a SELECT."""
    opened = before.count("(") - before.count(")")
    if word == ")" and opened <= 0:
        return "This bracket closes none: take it away, or open one before it."
    if before and before[-1] == "," and (part or word == ")"):
        return f"A comma too many: nothing stands between it and {word.upper()}."
    if word == "," and before and before[-1] in (",", "select", "("):
        return "A comma too many: nothing stands before it."
    if part not in ("", "select") and before.count("case") > before.count("end"):
        return f"CASE needs its END before {word.upper()}."
    if part not in ("", "select") and opened > 0 and "select" not in _inmost(before):
        return f"A bracket that is opened is not closed before {word.upper()}."
    return None


def _inmost(before: list[str]) -> list[str]:
    """Return the words in the innermost bracket that is still open, without those in brackets of their own."""
    open_ones: list[list[str]] = [[]]
    for token in before:
        if token == "(":
            open_ones.append([])
        elif token == ")" and len(open_ones) > 1:
            open_ones.pop()
        else:
            open_ones[-1].append(token)
    return open_ones[-1]


def _missing(word: str, part: str, before: list[str], known: Collection[str]) -> str | None:
    """Say that nothing stands where something is needed."""
    last = before[-1] if before else ""
    if (last, part) == ("select", "from"):
        return "Between SELECT and FROM, name a column, or write * for all of them."
    if last in WANTS_MORE and (part not in ("", "select") or word == ")"):
        return f"Something is missing between {last.upper()} and {word.upper()}."
    if "select" in before and "from" not in before and word in known:
        return f"FROM is missing before {word}." if last in ("*", ")") or last in known else None
    return None


def _order(word: str, part: str, before: list[str]) -> str | None:
    """Say that a part of the SELECT came too late, or that its BY is missing."""
    if before and before[-1] in ("order", "group", "partition"):
        return f"Behind {before[-1].upper()} stands BY: {before[-1].upper()} BY {word}."
    depth, parts = 0, {0: list[str]()}
    for token in before:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token in ("(", "select", "union", "except", "intersect"):
            parts[depth] = []
        elif token in CLAUSES:
            parts.setdefault(depth, []).append(token)
    later = [each for each in parts.get(depth, []) if CLAUSES.get(part, 9) < CLAUSES[each]]
    if part in ("where", "having") and part in parts.get(depth, []):
        return f"{word.upper()} stands twice: join the two conditions by AND."
    if not later:
        return None
    first = later[0].upper() + (" BY" if later[0] in ("group", "order") else "")
    return f"{word.upper()} stands before {first}: FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT is the order."


def _meant(
    word: str, part: str, before: list[str], known: Collection[str], taken: Callable[[str, str], str | None]
) -> str | None:
    last = before[-1] if before else ""
    for name in (word.lower(), last):
        if name in ELSEWHERE:
            return ELSEWHERE[name]
    if last == "distinct" and word.lower() == "on":
        return "SQLite has no DISTINCT ON: write GROUP BY."
    if word.lower() in ("all", "any", "some") and last in ("=", "<", ">"):
        return f"SQLite has no {word.upper()} here: compare with (SELECT max(…) …) or (SELECT min(…) …), or write IN."
    if last == "interval":
        return NO_INTERVAL
    if word == "(" and before[-2:-1] and before[-2] in BEFORE_A_NAME and (meant_so := taken(last, "(")):
        return meant_so
    meant_so = taken(word, last) if word.lower() in TAKEN | {"left", "right"} and last in BEFORE_A_NAME else None
    if meant_so and not part:
        return meant_so
    for name in (word, last):
        meant = near(name.lower(), KEYWORDS, 0.75)
        if meant and name.lower() not in KEYWORDS | set(known) and len(name) > 2:
            return f"did you mean {meant.upper()} where {name.upper()} stands?"
    return None


def _plain(sql: str) -> str:
    return ASIDE.sub(lambda aside: "t" + " " * (len(aside[0]) - 1) if aside[0][0] == "'" else " " * len(aside[0]), sql)
