"""What went wrong with a statement, in words that a learner understands."""

import re
import sqlite3
from typing import Literal

from lab.guard.gates import Gate
from lab.guard.hardening import Meter
from lab.guard.policy import LIMITS

Kind = Literal["error", "limit", "late"]

LATE = "it took longer than {:,.0f} ms and was stopped; does it go through too many rows?"
DIED = "the process that answers questions ended while it worked at this one, and did so again"
TOO_MUCH_WORK = "it took more than {:,} units of work and was stopped, so nothing was changed"
NO_FIELD = "the event has no field :{}"
NAMELESS = "a parameter needs the name of a field, such as :order_id"
LOST = "the statement ended its transaction, so nothing was changed"

CODES = {
    sqlite3.SQLITE_TOOBIG: f"a value or the statement is too long: a value has at most "
    f"{LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]:,} bytes, a statement {LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]:,}",
    sqlite3.SQLITE_NOMEM: "it needs more memory than one statement gets here",
    sqlite3.SQLITE_FULL: "read.db is full; undo or reset makes room",
}

TOO_MUCH = (
    "too many",
    "too large",
    "too complex",
    "too big",
    "too long",
    "stack overflow",
    "at most",
    "variable number must be",
)
"""How SQLite says that a limit was met, where it has no code for it."""


def explain(error: BaseException, gate: Gate, meter: Meter) -> tuple[Kind, str]:
    """Say what kind of trouble an error is, and what it means."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    said = str(error)
    if meter.too_much:
        return "late", TOO_MUCH_WORK.format(meter.held_to.work)
    if meter.late:
        return "late", LATE.format(meter.held_to.seconds * 1000)
    if gate.denied is not None:
        return "error", gate.denied
    if isinstance(error, MemoryError):
        code = sqlite3.SQLITE_NOMEM
    if isinstance(error, sqlite3.DataError | OverflowError):
        code = sqlite3.SQLITE_TOOBIG
    if code in CODES:
        return "limit", CODES[code]
    if isinstance(error, sqlite3.Warning | sqlite3.ProgrammingError) and "one statement" in said:
        return "error", "only one statement can be used at a time"
    if missing := re.search(r"binding parameter [:@$]?([\w:]+)", said):
        return "error", NO_FIELD.format(missing[1])
    if "has no name" in said or "number of bindings" in said:
        return "error", NAMELESS
    if not isinstance(error, sqlite3.Error):
        return "error", f"the statement holds a character that SQL cannot have: {said}"
    return "limit" if any(words in said for words in TOO_MUCH) else "error", f"SQLite says: {said}"
