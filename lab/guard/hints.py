"""What to do about the errors that learners meet most, beside what SQLite says of them."""

import re
import sqlite3
from collections.abc import Callable

from lab.guard import function_hints, name_hints, policy
from lab.guard.complaint import Complaint, Names
from lab.guard.messages import Place
from lab.guard.policy import LIMITS
from lab.guard.stumbles import about
from lab.values import closest

Hint = str | Callable[[re.Match[str], Complaint], str]


def _term(found: re.Match[str], complaint: Complaint) -> str:
    return f"A number behind {found[1]} BY counts the columns of the answer: there are {found[2]}."


HINTS: tuple[tuple[str, Hint], ...] = (
    (r"no such column: (\S+)", name_hints.no_column),
    (r"has no column named (\S+)", lambda found, complaint: closest(found[1], complaint.names.columns)),
    (r"no such table: (\S+)", name_hints.no_table),
    (r"no such function: (\w+)", function_hints.no_function),
    (
        r'near "(?i:do)": syntax',
        "INSERT … SELECT needs WHERE true before ON CONFLICT, otherwise SQLite reads ON as a join.",
    ),
    (r"wrong number of arguments to function (\w+)", function_hints.wrong_arguments),
    (r"ambiguous column name: (\S+)", name_hints.ambiguous_column),
    (r"misuse of window function (\w+)", function_hints.misused_window),
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
    ("no tables specified", name_hints.no_from),
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
    ("unterminated string|fts5: syntax error", name_hints.WORDS_ONLY),
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
    ("no statement in it", "A question begins with SELECT, WITH, VALUES or EXPLAIN."),
)
"""A part of a message, and what to do. The first that fits counts."""


def hint(said: str, names: Names, sql: str = "", place: Place | None = None) -> str | None:
    """Return what to do about an error of a statement; None if nothing general can be said."""
    complaint = Complaint(said, sql, place, names)
    for pattern, advice in HINTS:
        if found := re.search(pattern, said):
            return advice if isinstance(advice, str) else advice(found, complaint)
    known = {*names.tables, *names.columns}
    return about(said, sql, place, known, lambda word, last: name_hints.taken(word, last, complaint))
