"""Which table or column was probably meant by a name that is none here."""

import re
from collections.abc import Sequence

from lab.guard.complaint import Complaint
from lab.guard.function_hints import ELSEWHERE
from lab.guard.stumbles import CURLY, KEYWORDS, NAMES_TOO, NO_INTERVAL, STRAIGHT, WANTS_MORE
from lab.plan_reads import called
from lab.values import near

MOST_COLUMNS = 12

WORDS_ONLY = "In MATCH, words with a sign in them stand in double quotes: MATCH '\"two-door\"'."
A_TEXT = "A text stands in single quotes: '{}'."


def no_column(found: re.Match[str], complaint: Complaint) -> str:
    """Say what is wrong where no column has a name: with the part before its dot, with FROM, or with itself."""
    qualifier, _, name = found[1].rpartition(".")
    name = name.strip('"')
    if CURLY.search(name):
        return STRAIGHT
    if name.lower() == "interval":
        return NO_INTERVAL
    if complaint.sql and complaint.place is None and complaint.has("match"):
        return WORDS_ONLY
    if re.match(r"\s*select\b", complaint.plain, re.IGNORECASE) and not complaint.has("from"):
        having = [table for table, columns in complaint.names.of.items() if name in columns]
        return f"FROM is missing: SELECT {name} FROM {having[0]}." if having else A_TEXT.format(name)
    said = _qualified(qualifier, name, complaint) if qualifier and complaint.sql else None
    return said or _unqualified(name, complaint)


def _qualified(qualifier: str, name: str, complaint: Complaint) -> str | None:
    """Say what is wrong with the part before the dot, if it is that."""
    renamed = re.search(rf"\b{re.escape(qualifier)}\s+(?:as\s+)?(\w+)", complaint.plain, re.IGNORECASE)
    if qualifier in complaint.names.of and renamed and renamed[1].lower() not in KEYWORDS:
        return f"FROM calls {qualifier} by another name here: write {renamed[1]}.{name}."
    if not complaint.has(qualifier):
        return f"Nothing in FROM is called {qualifier}."
    table = called(complaint.plain).get(qualifier, qualifier).rpartition(".")[2]
    if table not in complaint.names.of:
        return f"What FROM calls {qualifier} has no column {name}."
    if name in complaint.names.of[table]:
        return None
    columns = complaint.names.of[table]
    meant = near(name.lower(), columns)
    return f"did you mean {meant}?" if meant else f"The columns of {table} are {_listed(columns)}."


def _unqualified(name: str, complaint: Complaint) -> str:
    named = complaint.tables
    columns = complaint.columns or complaint.names.columns
    elsewhere = [table for table, its in complaint.names.of.items() if name in its and table not in named]
    if named and name not in columns and elsewhere:
        return f"FROM does not name {' or '.join(elsewhere)}, where the column {name} stands."
    for known in (columns, complaint.names.columns):
        meant = near(name.lower(), known)
        if meant and meant != name:
            return f"did you mean {meant}?"
        parts = [column for column in dict.fromkeys(known) if len(name) > 2 and name.lower() in column]
        if parts and name not in known:
            return f"did you mean {' or '.join(parts[:3])}?"
    if named and name not in columns:
        return f"{A_TEXT.format(name)} The columns of {' and '.join(named)} are {_listed(columns)}."
    return A_TEXT.format(name)


def _listed(columns: Sequence[str]) -> str:
    more = " …" if len(columns) > MOST_COLUMNS else ""
    return ", ".join(dict.fromkeys(columns[:MOST_COLUMNS])) + more


def no_table(found: re.Match[str], complaint: Complaint) -> str:
    """Say which table may have been meant."""
    schema, _, table = found[1].rpartition(".")
    if schema in ("read", "write") and table in complaint.names.tables:
        return f"One store is asked at a time, so write {table} without the store before it."
    meant = near(table.lower(), complaint.names.tables)
    return f"did you mean {meant}?" if meant else f"The tables here are {', '.join(complaint.names.tables)}."


def ambiguous_column(found: re.Match[str], complaint: Complaint) -> str:
    """Say how to tell apart the columns of one name."""
    name = found[1].rpartition(".")[2]
    having = [table for table in complaint.tables if name in complaint.names.of[table]]
    example = f", such as {having[0]}.{name}" if having else ""
    return f"More than one table here has that column: write table.column{example}."


def no_from(found: re.Match[str], complaint: Complaint) -> str:
    """Say that FROM is missing, with a table of this store."""
    return f"FROM is missing: say which table, as in SELECT * FROM {(*complaint.names.tables, 'a')[0]}."


def taken(word: str, last: str, complaint: Complaint) -> str | None:
    """Say what is meant where a word of SQL stands in the place of a name, behind the word ``last``."""
    name, place = word.lower(), complaint.place
    if name in ELSEWHERE and place and complaint.sql[place.offset :].removeprefix(word).lstrip().startswith("("):
        return f"SQLite has no {word.upper()}(): it writes {ELSEWHERE[name]} for it."
    if name not in NAMES_TOO:
        return f"Something is missing between {last.upper()} and {word.upper()}." if last in WANTS_MORE else None
    clauses = re.findall(
        r"\b(?:select|from|join|where|on|by|having|limit)\b", complaint.plain[: place.offset if place else 0].lower()
    )
    is_table = last in ("from", "join") or (last == "," and clauses[-1:] in (["from"], ["join"]))
    known = complaint.names.tables if is_table else complaint.columns
    if last == "as" or name in (each.lower() for each in known or [name]):
        return f'SQL itself uses this word. As a name it stands in double quotes: "{word}".'
    meant = near(name, known, 0.75)
    perhaps = f" Did you mean {meant}?" if meant else ""
    what = "table" if is_table else "column"
    return f"SQL itself uses the word {word.upper()}, and no {what} here is called that.{perhaps}"
