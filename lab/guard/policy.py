"""What SQL that a person typed may do, as data. How a connection is held to it stands in ``hardening.py``.

Everything is an allowlist: kinds of action, functions, tables. What is not listed is denied, in every SQLite.
"""

import re
import sqlite3
from dataclasses import dataclass, replace

# The workers, and who waits for one
WORKERS = 2
QUEUED_PER_SANDBOX = 2
QUEUED_IN_ALL = 12
HELD_UP = 48
HELD_UP_SECONDS = 1.0
ADDRESS_BYTES = 400_000_000
FILE_BYTES = 16_000_000
HEAP_BYTES = 32_000_000
CPU_SECONDS = 20

# One statement
SENT_CHARS = 100_000
DEADLINE_SECONDS = 0.25
LOCK_SECONDS = 2.0
GRACE_SECONDS = 0.5
ENDED_AFTER = 1.4
"""After so many of its deadlines a question's worker is ended, so that the person hears of it within two."""
ASIDE_SECONDS = 0.05
ROWS = 500
RESULT_BYTES = 1_000_000

# A change by hand
PATCH_SECONDS = 2.0
PATCH_WORK = 200_000

# A read model of one's own
STEP_SECONDS = 0.1
STEP_ENDED_AFTER = 5
"""After so many deadlines of a statement the system ends the worker. SQLite has looked at no clock by then."""
EVENT_WORK = 30_000
OWN_BYTES = 2_000_000
OWN_FILE_CHARS = 10_000
OWN_NAME_CHARS = 40
OWN_STATEMENTS = 40
BATCH_SECONDS = 15.0
BATCH_EVENTS = 100
TURN_SECONDS = 0.2
TURN_EVENTS = 250
OVERRUNS = 3
REST_SECONDS = 1.0
REHEARSED_EVENTS = 20
REHEARSED_ROWS = 100
REHEARSAL_SECONDS = 2.0
TRIAL_EVENTS = 1_000
TRIAL_ROWS = 20_000
TRIAL_WORK = 2_000_000
TRIALS_AT_ONCE = 2

UNIT = 10
"""A unit of work is ten steps of SQLite's machine."""

STEPS = 50
"""How often the progress of a statement is looked at. One step may take long: at 100, some statements overran."""

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 64,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 16,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 32,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 2,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

PRAGMAS = (
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "mmap_size = 0",
    "temp_store = MEMORY",
    "cache_size = -2000",
)


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


PURE = _names("""
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws cos cosh count
    cume_dist degrees dense_rank exp first_value floor format glob group_concat hex if ifnull iif instr json
    json_array json_array_length json_error_position json_extract json_group_array json_group_object json_insert
    json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid lag
    last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value ntile nullif
    octet_length percent_rank pi pow power printf quote radians rank replace round row_number rtrim sign sin sinh
    soundex sqrt string_agg substr substring sum tan tanh total trim trunc typeof unhex unicode unlikely upper zeroblob
""")
"""Functions that answer the same whenever they are asked."""

CLOCK = _names("current_date current_time current_timestamp date datetime julianday strftime time timediff unixepoch")
CHANCE = _names("changes last_insert_rowid random randomblob sqlite_source_id sqlite_version total_changes")
SEARCH = _names("bm25 highlight match snippet")

TABLES_MADE_BY_FUNCTIONS = frozenset({"json_each", "json_tree"})
BOOKKEEPING = frozenset({"_checkpoint", "_seen", "_parked", "_lines"})
"""The tables with an underscore that may be looked at; any other belongs to the program."""

SCHEMA = frozenset({"sqlite_master", "sqlite_schema"})
SCHEMAS = SCHEMA | {"sqlite_temp_master"}

NUMBERED_BY_SQLITE = "sqlite_sequence"
"""The table that SQLite makes by itself with the first AUTOINCREMENT."""

RESERVED = ("_", "sqlite_", "pragma_")
"""How the names begin that belong to the program and to SQLite."""

LITERAL = re.compile(
    r"[+-]? *(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|0x[0-9a-f]+|x?'([^']|'')*'|null|true|false", re.IGNORECASE | re.ASCII
)
"""What a DEFAULT may be. SQLite 3.40 does not ask the authorizer about functions that stand there."""

OPENING = re.compile(r"(?:[ \t\n\f\r;\ufeff]|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*([A-Za-z]*)", re.DOTALL)
"""The first word of a statement, behind blanks and comments as SQLite has them."""

KINDS = {
    sqlite3.SQLITE_INSERT: "INSERT",
    sqlite3.SQLITE_UPDATE: "UPDATE",
    sqlite3.SQLITE_DELETE: "DELETE",
    sqlite3.SQLITE_PRAGMA: "PRAGMA",
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
    sqlite3.SQLITE_TRANSACTION: "BEGIN, COMMIT or ROLLBACK",
    sqlite3.SQLITE_SAVEPOINT: "SAVEPOINT",
    sqlite3.SQLITE_REINDEX: "REINDEX",
    sqlite3.SQLITE_ANALYZE: "ANALYZE",
    sqlite3.SQLITE_ALTER_TABLE: "ALTER",
}
"""How a person would name a kind of action that is denied; those that are left create or drop something."""

LOOKING = frozenset({"select", "values", "with"})
"""How a statement begins that, if it seems to create something, only reads a table that SQLite makes for it then."""

NAMED_OTHERWISE = frozenset({"vacuum", "analyze"})
"""Statements that begin otherwise than SQLite names what they do: VACUUM attaches a file, ANALYZE makes a table."""

CHANGES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


NOT_THE_STATEMENTS = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
)
"""Errors that are the store's trouble, whatever the statement says."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of statement may do.

    ``words`` are those that it may begin with, if not every one is welcome. ``visible`` are the reserved tables that
    it may read; where ``own_only`` stands, it reads no other table than those that it may change. ``work`` is a limit
    that is the same on every machine and in every replay, unlike ``seconds``; these are seconds on the clock or, where
    ``computing`` stands, of the processor, so that a busy machine does no harm to a statement that nobody waits for.
    """

    may: str
    functions: frozenset[str]
    visible: frozenset[str] = SCHEMA | BOOKKEEPING
    words: frozenset[str] = frozenset()
    changes: bool = False
    own_only: bool = False
    seconds: float = DEADLINE_SECONDS
    computing: bool = False
    work: int | None = None
    steps: int = STEPS


READONLY = Policy("only SELECT, WITH, VALUES and EXPLAIN can be used here", PURE | CLOCK | SEARCH)
ASK = replace(READONLY, functions=READONLY.functions | {"random"}, steps=UNIT)
"""How a person asks: nobody compares the answer with another, so that chance may have its part in it."""
PATCH = Policy(
    "only one INSERT, UPDATE or DELETE on the rows of a read model can be used here",
    PURE,
    visible=frozenset(),
    changes=True,
    seconds=PATCH_SECONDS,
    work=PATCH_WORK,
)
CREATE = Policy(
    "a read model is made by CREATE TABLE and CREATE INDEX, and by nothing else",
    PURE,
    visible=frozenset(),
    words=_names("create"),
    changes=True,
    own_only=True,
    seconds=STEP_SECONDS,
    computing=True,
    work=EVENT_WORK,
)
CREATE_FILE = replace(CREATE, functions=frozenset())
"""How the table of a read model is made that stays: the program reads it too, and must not run a learner's function."""

APPLY = Policy(
    "an event is applied by INSERT, UPDATE and DELETE on the rows of the read model's own table, and by nothing else",
    PURE,
    visible=frozenset(),
    words=_names("insert replace update delete with"),
    changes=True,
    own_only=True,
    seconds=STEP_SECONDS,
    computing=True,
    work=EVENT_WORK,
)
