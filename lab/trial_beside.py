"""Columns that a task does not ask for, beside the built-in read model of the same key that has a column of that name.

What such a column means is the learner's to say, so a difference only informs.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cqrs.sql import connect_read_only
from lab import truth
from lab.projections import BUILT_IN
from lab.trial_difference import BUILT_IN_SAYS, in_words
from lab.trial_rows import Table, differences
from lab.trial_told import Tried


def beside_built_in(table: Table, key: tuple[str, ...], columns: Sequence[str], write_db: Path) -> Tried | None:
    """Compare columns with what the write store says to the built-in ones; None if none of those has them."""
    said = [told for column in columns if (told := _told(table, key, column, write_db))]
    return Tried("beside", None, " ".join(said)) if said else None


def _told(table: Table, key: tuple[str, ...], column: str, write_db: Path) -> str | None:
    """Say of one column whether the rows that are there have the figures of a built-in one."""
    for name, projection in BUILT_IN.items():
        sql = truth.source(name)
        if sql is None or projection.key != key:
            continue
        with closing(connect_read_only(write_db)) as connection:
            cursor = connection.execute(sql)
            told = Table(tuple(each[0] for each in cursor.description), tuple(cursor))
        if column not in told.columns:
            continue
        wanted, there = (*key, column), set(table.keys(key))
        rows = tuple(row for row, of in zip(told.rows, told.keys(key), strict=True) if of in there)
        should = Table(told.columns, rows).narrowed(wanted)
        wrong = next(differences(table.narrowed(wanted), should, key), None)
        if wrong is None:
            return f"{column}: as the write store has it, by what the built-in {name} calls so."
        return f"{in_words(wrong, BUILT_IN_SAYS.format(name))} That may be right, if you mean something else by it."
    return None
