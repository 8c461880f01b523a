"""What only a question to a store can be told: what changes that store, where a table stands, that it has no end."""

import re
import sqlite3

import msgspec

from lab.actions import Sql
from lab.guard import Answer, policy
from lab.guard.hardening import first_word
from lab.guard.places import place_at
from lab.guard.words import NAMELESS, NO_FIELD
from lab.plan_reads import ASIDE

NO_END = "Has its WITH RECURSIVE an end? Give its second SELECT a WHERE, or a LIMIT."
NO_PARAMETERS = "a question has no parameters"
TABLES = (
    "The tables with their columns stand beside the editor of the SQL pane; "
    "SELECT * FROM sqlite_schema tells how they were made."
)
WRITE_THE_VALUE = "Write the value itself in its place: a number as it is, a text in single quotes, such as 'o-1'."

PARAMETER = re.compile(r"[:@$][A-Za-z_0-9]+|\?\d*")
TOO_LONG = f"a value is too long: it has at most {policy.LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]:,} bytes"

CHANGING = {
    "write": "Commands change the write store: they keep its rules, and record an event. For example, type the action "
    "line cmd restock product=lamp qty=5.",
    "read": "Projectors change the read store, from the events. To change a row by hand all the same, type the action "
    'line patch, as in patch "UPDATE sales SET units = 0".',
}
CREATED = re.compile(r"\bcreate\s+(?:unique\s+|temp\w*\s+|virtual\s+)*(\w+)", re.IGNORECASE)
MAKING = {
    "table": "A table of your own is a read model: write one under “Read models of your own”, and the events fill it.",
    "view": "A read model of your own is what a view would be, with its rows kept ready; or begin with WITH v AS (…).",
    "index": "To see what an index does, type the action line index: it makes one in the write store.",
}
ONE_MOMENT = "A question is one statement, and sees the store at one moment. There is nothing to begin or to commit."
ONE_STORE = "One store is asked at a time: the two cannot be joined. Choose the other one above the editor."
LOOKED_AFTER = "The program looks after the files by itself."
DROPPING = {
    "write": "The tables of the write store stay as they are; undo takes back what a command did.",
    "read": "To take a read model away, type the action line model drop, as in model drop sales.",
}

ELSEWHERE = {
    **dict.fromkeys(("begin", "commit", "rollback", "savepoint", "release", "end"), ONE_MOMENT),
    **dict.fromkeys(("attach", "detach", "use"), ONE_STORE),
    **dict.fromkeys(("vacuum", "analyze", "reindex"), LOOKED_AFTER),
    **dict.fromkeys(("pragma", "show", "desc", "describe", "help"), TABLES),
}
"""What to do instead of a statement that begins with a word."""

ACTIONS = frozenset(
    {"cmd", "query", "run", "step", "model", "patch", "undo", "reset", "bulk", "pause", "resume", "sql"}
)
AN_ACTION = "This is an action line: it is typed below the stores, and not here."


def told(question: Sql, answer: Answer) -> Answer:
    """Return an answer with what only a question can be told about its error."""
    if answer.error is None:
        return answer
    if answer.kind == "late" and re.search(r"\brecursive\b", question.sql, re.IGNORECASE):
        return msgspec.structs.replace(answer, hint=NO_END)
    if answer.error == NAMELESS or re.fullmatch(NO_FIELD.format(r"[\w:]+"), answer.error):
        return _without_parameters(question, answer)
    if answer.error.startswith("a value or the statement is too long"):
        return msgspec.structs.replace(answer, error=TOO_LONG)
    if "SQLite itself brings" in answer.error:
        return msgspec.structs.replace(answer, hint=TABLES)
    word = first_word(question.sql)
    if answer.error.startswith(policy.READONLY.may):
        return _denied(question, answer, word)
    if "syntax error" in answer.error or "unrecognized token" in answer.error:
        hint = AN_ACTION if word in ACTIONS else ELSEWHERE.get(word)
        if question.sql.lstrip().startswith((".", "\\")):
            hint = TABLES
        return msgspec.structs.replace(answer, hint=hint or answer.hint)
    return answer


def _without_parameters(question: Sql, answer: Answer) -> Answer:
    """Say which parameter stands where."""
    plain = ASIDE.sub(lambda aside: " " * len(aside[0]), question.sql)
    found = PARAMETER.search(plain)
    place = place_at(question.sql, found.start(), found[0]) if found else answer.place
    said = f"{NO_PARAMETERS}, and {found[0]} is one" if found else NO_PARAMETERS
    return msgspec.structs.replace(answer, error=said, hint=WRITE_THE_VALUE, place=place)


def _denied(question: Sql, answer: Answer, word: str) -> Answer:
    """Say what does what a question may not."""
    kind = CREATED.search(question.sql)
    if word == "create" or (word == "explain" and kind):
        hint = MAKING.get(kind[1].lower() if kind else "", MAKING["table"])
    elif word in ("drop", "alter"):
        hint = DROPPING[question.store]
    else:
        hint = ELSEWHERE.get(word, CHANGING[question.store])
    said = answer.error if word in ("with", "explain", "") else f"{policy.READONLY.may}, not {word.upper()}"
    return msgspec.structs.replace(answer, error=said, hint=hint)


def of_both_stores(table: str, here: str, missing: str, other: str) -> str:
    """Say that the tables of a question stand in two files."""
    return (
        f"{table} stands in the {here} store alone, {missing} in the {other} store alone: two databases, which no "
        "question can join. Ask each of them by itself."
    )


def of_the_other_store(table: str, other: str) -> str:
    """Say that a table stands in the other store."""
    return f"The table {table} stands in the {other} store, and one store is asked at a time."
