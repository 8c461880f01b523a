"""What SQL that a person typed may do, as data. How a connection is held to it stands in ``hardening.py``.

Everything is an allowlist: kinds of action, functions, tables. What is not listed is denied, in every SQLite.
"""

import sqlite3
from dataclasses import dataclass

DEADLINE_SECONDS = 0.25
PATCH_SECONDS = 2.0
LOCK_SECONDS = 2.0
PATCH_WORK = 200_000
HEAP_BYTES = 32_000_000
ROWS = 500
RESULT_BYTES = 1_000_000
STEPS = 50
"""How often the progress of a statement is looked at. One step may take long: at 100, some statements overran."""

WORK_PER_CALL = STEPS // 10
"""A unit of work is ten steps of SQLite's machine."""

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
    -> ->> abs avg ceil ceiling char coalesce count cume_dist dense_rank exp first_value floor format glob
    group_concat hex ifnull iif instr json json_array json_array_length json_extract json_group_array
    json_group_object json_insert json_object json_patch json_quote json_remove json_replace json_set json_type
    json_valid lag last_value lead length like likelihood likely ln log log10 log2 lower ltrim max min mod nth_value
    ntile nullif percent_rank pi pow power printf quote rank replace round row_number rtrim sign sqrt substr
    substring sum total trim trunc typeof unicode unlikely upper zeroblob
""")
"""Functions that answer the same whenever they are asked."""

CLOCK = _names("current_date current_time current_timestamp date datetime julianday strftime time unixepoch")
SEARCH = _names("bm25 highlight match snippet")

TABLES_MADE_BY_FUNCTIONS = frozenset({"json_each", "json_tree"})
BOOKKEEPING = frozenset({"_checkpoint", "_seen", "_parked", "_lines"})
"""The tables with an underscore that may be looked at; any other belongs to the program."""

SCHEMA = frozenset({"sqlite_master", "sqlite_schema"})

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

CHANGES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What one kind of statement may do: look at everything, or change rows of some tables.

    ``work`` is a limit that is the same on every machine and in every replay, unlike ``seconds``.
    """

    may: str
    functions: frozenset[str]
    visible: frozenset[str] = SCHEMA | BOOKKEEPING
    changes: bool = False
    seconds: float = DEADLINE_SECONDS
    work: int | None = None


READONLY = Policy("only SELECT can be used here", PURE | CLOCK | SEARCH)
PATCH = Policy(
    "only one INSERT, UPDATE or DELETE on the rows of a read model can be used here",
    PURE,
    visible=frozenset(),
    changes=True,
    seconds=PATCH_SECONDS,
    work=PATCH_WORK,
)
