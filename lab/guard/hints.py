"""What to do about the errors that learners meet most, beside what SQLite says of them."""

import difflib
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from lab.guard import policy
from lab.guard.messages import Place
from lab.guard.places import ASIDE
from lab.guard.policy import LIMITS
from lab.guard.stumbles import CURLY, KEYWORDS, NAMES_TOO, NO_INTERVAL, STRAIGHT, WANTS_MORE, about
from lab.plan_reads import called
from lab.values import closest


class Names(NamedTuple):
    """The tables that can be asked, and the columns that they have: all of them, and those of each."""

    tables: list[str]
    columns: list[str]
    of: Mapping[str, Sequence[str]] = MappingProxyType({})


ELSEWHERE = {
    "concat": "a || b",
    "now": "datetime('now')",
    "getdate": "datetime('now')",
    "year": "strftime('%Y', a)",
    "month": "strftime('%m', a)",
    "left": "substr(a, 1, n)",
    "right": "substr(a, -n)",
    "len": "length(a)",
    "if": "iif(a, b, c)",
    "isnull": "ifnull(a, b)",
    "nvl": "ifnull(a, b)",
    "string_agg": "group_concat(a, ', ')",
    "to_char": "strftime('%Y-%m-%d', a) or printf('%.2f', a)",
    "day": "strftime('%d', a)",
    "extract": "strftime('%Y', a)",
    "date_part": "strftime('%Y', a)",
    "date_trunc": "date(a, 'start of month')",
    "dateadd": "date(a, '+1 day')",
    "date_add": "date(a, '+1 day')",
    "date_sub": "date(a, '-1 day')",
    "datediff": "julianday(a) - julianday(b)",
    "curdate": "date('now')",
    "to_date": "date(a)",
    "greatest": "max(a, b)",
    "least": "min(a, b)",
}
"""How SQLite writes what other databases have a function for."""

USAGE = {
    "round": "round(number, digits)",
    "substr": "substr(text, start, length)",
    "substring": "substring(text, start, length)",
    "replace": "replace(text, what, by)",
    "instr": "instr(text, what)",
    "iif": "iif(condition, then, otherwise)",
    "ifnull": "ifnull(a, b)",
    "nullif": "nullif(a, b)",
    "coalesce": "coalesce(a, b, …)",
    "length": "length(text)",
    "upper": "upper(text)",
    "lower": "lower(text)",
    "trim": "trim(text)",
    "abs": "abs(number)",
    "count": "count(*) or count(column)",
    "sum": "sum(column)",
    "avg": "avg(column)",
    "total": "total(column)",
    "min": "min(column)",
    "max": "max(column)",
    "group_concat": "group_concat(column, ', ')",
    "typeof": "typeof(value)",
    "strftime": "strftime('%Y-%m', day)",
    "date": "date(day)",
    "json_extract": "json_extract(text, '$.field')",
    "json_array_length": "json_array_length(text, '$.field')",
    "row_number": "row_number() OVER (ORDER BY column)",
    "rank": "rank() OVER (ORDER BY column)",
    "lag": "lag(column) OVER (ORDER BY column)",
    "lead": "lead(column) OVER (ORDER BY column)",
}
"""How the functions are called that are used most."""

MOST_COLUMNS = 12

WORDS_ONLY = "In MATCH, words with a sign in them stand in double quotes: MATCH '\"two-door\"'."
A_TEXT = "A text stands in single quotes: '{}'."


class Asked(NamedTuple):
    """What SQLite said, of which statement, and where in it."""

    said: str
    sql: str
    place: Place | None
    names: Names

    @property
    def plain(self) -> str:
        """The statement without its texts and comments."""
        return ASIDE.sub(lambda aside: " " * len(aside[0]), self.sql)

    def has(self, word: str) -> bool:
        """Tell whether a word stands in the statement otherwise than before a dot."""
        return bool(re.search(rf"(?<![.\w]){re.escape(word)}\b(?!\s*\.)", self.plain, re.IGNORECASE))


Hint = str | Callable[[re.Match[str], Asked], str]


def _column(found: re.Match[str], asked: Asked) -> str:
    qualifier, _, name = found[1].rpartition(".")
    name = name.strip('"')
    if CURLY.search(name):
        return STRAIGHT
    if name.lower() == "interval":
        return NO_INTERVAL
    if asked.sql and asked.place is None and asked.has("match"):
        return WORDS_ONLY
    if re.match(r"\s*select\b", asked.plain, re.IGNORECASE) and not asked.has("from"):
        having = [table for table, columns in asked.names.of.items() if name in columns]
        return f"FROM is missing: SELECT {name} FROM {having[0]}." if having else A_TEXT.format(name)
    return (_qualified(qualifier, name, asked) if qualifier and asked.sql else None) or _unqualified(name, asked)


def _qualified(qualifier: str, name: str, asked: Asked) -> str | None:
    """Say what is wrong with the part before the dot, if it is that."""
    renamed = re.search(rf"\b{re.escape(qualifier)}\s+(?:as\s+)?(\w+)", asked.plain, re.IGNORECASE)
    if qualifier in asked.names.of and renamed and renamed[1].lower() not in KEYWORDS:
        return f"FROM calls {qualifier} by another name here: write {renamed[1]}.{name}."
    if not asked.has(qualifier):
        return f"Nothing in FROM is called {qualifier}."
    table = called(asked.plain).get(qualifier, qualifier)
    table = table.rpartition(".")[2]
    if table not in asked.names.of:
        return f"What FROM calls {qualifier} has no column {name}."
    if name in asked.names.of[table]:
        return None
    columns = asked.names.of[table]
    near = difflib.get_close_matches(name.lower(), columns, n=1)
    return f"did you mean {near[0]}?" if near else f"The columns of {table} are {_listed(columns)}."


def _unqualified(name: str, asked: Asked) -> str:
    named = [table for table in asked.names.of if asked.has(table)]
    columns = [column for table in named for column in asked.names.of[table]] or asked.names.columns
    elsewhere = [table for table, its in asked.names.of.items() if name in its and table not in named]
    if named and name not in columns and elsewhere:
        return f"FROM does not name {' or '.join(elsewhere)}, where the column {name} stands."
    for known in (columns, asked.names.columns):
        near = difflib.get_close_matches(name.lower(), known, n=1)
        if near and near[0] != name:
            return f"did you mean {near[0]}?"
        parts = [column for column in dict.fromkeys(known) if len(name) > 2 and name.lower() in column]
        if parts and name not in known:
            return f"did you mean {' or '.join(parts[:3])}?"
    if named and name not in columns:
        return f"{A_TEXT.format(name)} The columns of {' and '.join(named)} are {_listed(columns)}."
    return A_TEXT.format(name)


def _listed(columns: Sequence[str]) -> str:
    more = " …" if len(columns) > MOST_COLUMNS else ""
    return ", ".join(dict.fromkeys(columns[:MOST_COLUMNS])) + more


def _taken(word: str, last: str, asked: Asked) -> str | None:
    """Say what is meant where a word of SQL stands in the place of a name, behind the word ``last``."""
    name, place = word.lower(), asked.place
    if name in ELSEWHERE and place and asked.sql[place.offset :].removeprefix(word).lstrip().startswith("("):
        return f"SQLite has no {word.upper()}(): it writes {ELSEWHERE[name]} for it."
    if name not in NAMES_TOO:
        return f"Something is missing between {last.upper()} and {word.upper()}." if last in WANTS_MORE else None
    clauses = re.findall(
        r"\b(?:select|from|join|where|on|by|having|limit)\b", asked.plain[: place.offset if place else 0].lower()
    )
    is_table = last in ("from", "join") or (last == "," and clauses[-1:] in (["from"], ["join"]))
    named = [table for table in asked.names.of if asked.has(table)]
    known = asked.names.tables if is_table else [each for table in named for each in asked.names.of[table]]
    if last == "as" or name in (each.lower() for each in known or [name]):
        return f'SQL itself uses this word. As a name it stands in double quotes: "{word}".'
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    meant = f" Did you mean {near[0]}?" if near else ""
    what = "table" if is_table else "column"
    return f"SQL itself uses the word {word.upper()}, and no {what} here is called that.{meant}"


def _table(found: re.Match[str], asked: Asked) -> str:
    schema, _, table = found[1].rpartition(".")
    if schema in ("read", "write") and table in asked.names.tables:
        return f"One store is asked at a time, so write {table} without the store before it."
    near = difflib.get_close_matches(table.lower(), asked.names.tables, n=1)
    return f"did you mean {near[0]}?" if near else f"The tables here are {', '.join(asked.names.tables)}."


def _function(found: re.Match[str], asked: Asked) -> str:
    name = found[1].lower()
    near = difflib.get_close_matches(name, USAGE, n=1, cutoff=0.75)
    if name in ELSEWHERE:
        return f"SQLite writes {ELSEWHERE[name]} for it."
    return f"did you mean {near[0]}?" if near else "Which ones can be called stands on the page of limits."


def _arguments(found: re.Match[str], asked: Asked) -> str:
    usage = USAGE.get(found[1].lower())
    return f"It is called as {usage}." if usage else "It is given more values than it takes, or fewer."


def _window(found: re.Match[str], asked: Asked) -> str:
    if not asked.has("over"):
        return f"It looks at rows around a row: write OVER (ORDER BY …) behind {found[1]}()."
    return "A window function cannot stand in WHERE, GROUP BY or HAVING: SELECT from this SELECT."


def _ambiguous(found: re.Match[str], asked: Asked) -> str:
    name = found[1].rpartition(".")[2]
    having = [table for table, columns in asked.names.of.items() if name in columns and asked.has(table)]
    example = f", such as {having[0]}.{name}" if having else ""
    return f"More than one table here has that column: write table.column{example}."


def _no_table(found: re.Match[str], asked: Asked) -> str:
    return f"FROM is missing: say which table, as in SELECT * FROM {(*asked.names.tables, 'a')[0]}."


def _term(found: re.Match[str], asked: Asked) -> str:
    return f"A number behind {found[1]} BY counts the columns of the answer: there are {found[2]}."


HINTS: tuple[tuple[str, Hint], ...] = (
    (r"no such column: (\S+)", _column),
    (r"has no column named (\S+)", lambda found, asked: closest(found[1], asked.names.columns)),
    (r"no such table: (\S+)", _table),
    (r"no such function: (\w+)", _function),
    (
        r'near "(?i:do)": syntax',
        "INSERT … SELECT needs WHERE true before ON CONFLICT, otherwise SQLite reads ON as a join.",
    ),
    (r"wrong number of arguments to function (\w+)", _arguments),
    (r"ambiguous column name: (\S+)", _ambiguous),
    (r"misuse of window function (\w+)", _window),
    (r"(\w+)\(\) may not be used as a window function", "OVER belongs to functions such as sum, rank and row_number."),
    (
        "misuse of aggregate",
        "Functions such as count and sum cannot stand in WHERE, nor in one another: "
        "write HAVING, or SELECT from this SELECT.",
    ),
    (
        "aggregate functions are not allowed in the GROUP BY",
        "GROUP BY names columns: rows with the same values are one group, and count and sum are taken of each.",
    ),
    (r"(ORDER|GROUP) BY term out of range - should be between 1 and (\d+)", _term),
    (r"(ORDER) BY term does not match", "Behind UNION and its like, ORDER BY takes columns of the first SELECT only."),
    (r"(ORDER BY|LIMIT) clause should come after", "ORDER BY and LIMIT stand once, behind the last SELECT."),
    ("HAVING clause", "HAVING looks at groups: write GROUP BY before it, or use WHERE."),
    ("no tables specified", _no_table),
    ("(?i)same number of (result columns|terms)", "Both sides of UNION need the same number of columns."),
    (r"sub-select returns \d+ columns", "A SELECT in brackets that stands for a value, or behind IN, has one column."),
    ("row value misused", "A pair in brackets is compared with a pair: (a, b) = (1, 2)."),
    (
        "cannot join using column",
        "USING needs a column that both tables have: otherwise write ON, as in ON a.id = b.a_id.",
    ),
    ("circular reference", "Only a WITH RECURSIVE whose two SELECTs are joined by UNION ALL may name itself."),
    (
        r"table \w+ has \d+ values for \d+ columns",
        "Behind WITH, as many names stand in brackets as the SELECT has columns.",
    ),
    ("malformed JSON", "The functions of JSON need a text that is JSON; json_valid(text) tells whether it is."),
    ("JSON path error", "A path begins with a dollar sign: '$.name', or '$.lines[0].qty'."),
    ("integer overflow", "A whole number has at most 63 bits: multiply by 1.0 to count on with less exactness."),
    (
        "MATCH in the requested context",
        "MATCH asks a full-text index, such as product_search. Elsewhere write LIKE '%lamp%'.",
    ),
    ("unterminated string|fts5: syntax error", WORDS_ONLY),
    (
        r"UNIQUE constraint failed: \w+\.(\w+)",
        "There is such a row: INSERT … ON CONFLICT (…) DO UPDATE SET … changes it.",
    ),
    (
        "NOT NULL constraint failed",
        "This column got NULL: is a value given for it, and can a part of this value be NULL?",
    ),
    ("columns but|values for", "Name the columns: INSERT INTO table (a, b) VALUES (…), a value for each."),
    ("only one statement", "Take what stands behind the semicolon away, or ask it by itself."),
    ("work and was stopped|took longer", "Narrow it by WHERE, join tables by their keys, or look at fewer rows first."),
    (
        policy.READONLY.may,
        "Looking changes nothing. To change rows of a read model by hand there is the action patch.",
    ),
    ("_secret|cannot be read here", "What can be asked are the tables that the page shows."),
    (
        r"the function \w+\(\) is not allowed",
        "Functions that calculate, and those for texts, dates and JSON, can be used.",
    ),
    (
        "too many columns",
        f"An answer has at most {LIMITS[sqlite3.SQLITE_LIMIT_COLUMN]} columns: name those that you need.",
    ),
    ("Expression tree is too large", "One expression holds too much: use IN (…), or take it apart by WITH."),
    (
        "too many terms in compound",
        f"UNION and its like join at most {LIMITS[sqlite3.SQLITE_LIMIT_COMPOUND_SELECT]} SELECTs; "
        "VALUES (1), (2), … makes many rows.",
    ),
    (
        "LIKE or GLOB pattern too complex",
        f"A pattern has at most {LIMITS[sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH]} characters.",
    ),
    (
        "too many arguments on function",
        f"A function takes at most {LIMITS[sqlite3.SQLITE_LIMIT_FUNCTION_ARG]} values here.",
    ),
    ("value or the statement is too long", "Cut it by substr(text, 1, 100), or put fewer values together."),
    ("more memory than", "Sort or group fewer rows, and take only the columns that you need."),
    ("no SELECT in it", "A question begins with SELECT, WITH or VALUES."),
)
"""A part of a message, and what to do. The first that fits counts."""


def hint(said: str, names: Names, sql: str = "", place: Place | None = None) -> str | None:
    """Return what to do about an error of a statement; None if nothing general can be said."""
    for pattern, advice in HINTS:
        if found := re.search(pattern, said):
            return advice if isinstance(advice, str) else advice(found, Asked(said, sql, place, names))
    asked = Asked(said, sql, place, names)
    return about(said, sql, place, {*names.tables, *names.columns}, lambda word, last: _taken(word, last, asked))


def names(connection: sqlite3.Connection) -> Names:
    """Return the tables of every file that a connection has open, and their columns."""
    kinds = "type IN ('table', 'view', 'virtual')"
    found = connection.execute(f"SELECT schema, name FROM pragma_table_list WHERE {kinds}").fetchall()
    seen = [(schema, table) for schema, table in found if table in policy.BOOKKEEPING or not _reserved(table)]
    of = {
        table: [column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?, ?)", (table, schema))]
        for schema, table in sorted(seen, key=lambda each: (each[1][0] == "_", each[1]))
    }
    return Names(list(of), list(dict.fromkeys(column for columns in of.values() for column in columns)), of)


def _reserved(table: str) -> bool:
    return table.lower().startswith(policy.RESERVED)
