"""The truth of a read model of one's own: that of the task whose name and key it has. Of any other it is not known.

A task tells what its page asks, and what the write store says to that. As a page may leave rows out, or stop after
three, nothing is compared before every event has come.
"""

import sqlite3
from dataclasses import dataclass

from cqrs.read.projection import Projection
from lab import limits, truth
from lab.own import is_own
from lab.stores import Stores
from lab.tasks import Task, task_of
from lab.trial_rows import Table
from lab.trial_truth import Truth
from lab.trial_words import counted

MOST_ROWS = limits.MAX_EVENTS
"""No log has more events, so the truth of a task has no more rows."""

NOBODY = "nobody wrote how the write store would answer {}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why it is not known whether a read model tells the truth; ``soon`` if it will be, once its events have come."""

    why: str
    soon: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What the page of a task shows of a read model, and what it should show; ``left_out`` are columns it lacks."""

    truth: Truth
    seen: Table
    told: Table
    left_out: tuple[str, ...]


def unknown(stores: Stores, projection: Projection) -> Unknown | None:
    """Say why it is not known whether a read model tells the truth; None if it is."""
    if not is_own(projection):
        return None if truth.source(projection.name) else Unknown(NOBODY.format(projection.name))
    found = compared(stores, projection)
    return found if isinstance(found, Unknown) else None


def compared(stores: Stores, projection: Projection) -> Compared | Unknown:
    """Ask both stores for what the page of a task shows of one's own; or say why they cannot be compared."""
    return stores.once(f"what the page shows of {projection.name}", lambda: _compared(stores, projection))


def _compared(stores: Stores, projection: Projection) -> Compared | Unknown:
    task = task_of(projection.name)
    if task is None:
        return Unknown(NOBODY.format(projection.name))
    if projection.key != task.key:
        key, wanted = ", ".join(projection.key), ", ".join(task.key)
        return Unknown(f"its key is {key}, and that of the task “{task.title}” is {wanted}")
    behind = stores.write.head() - stores.read.position(projection.name)
    if behind:
        said = f"{counted(behind, 'event')} {'is' if behind == 1 else 'are'} still to come"
        return Unknown(f"{said}; it is compared once it has had them all", soon=True)
    return _asked(stores, task)


def _asked(stores: Stores, task: Task) -> Compared | Unknown:
    try:
        seen = _table(stores.reader, task.page)
    except sqlite3.OperationalError as error:
        return Unknown(f"the page of the task “{task.title}” asks {task.page}, and cannot: {error}")
    if len(seen.rows) > MOST_ROWS:
        return Unknown(f"its page would show more than {MOST_ROWS:,} rows, and no more are compared")
    columns = _table(stores.reader, f'SELECT * FROM "{task.model}" LIMIT 0').columns
    left_out = tuple(column for column in columns if column not in seen.columns)
    truth_of_task = Truth(task.truth, task.key, task.page)
    return Compared(truth_of_task, seen, _table(stores.write.connection, task.truth), left_out)


def _table(connection: sqlite3.Connection, sql: str) -> Table:
    cursor = connection.execute(sql)
    rows = cursor.fetchmany(MOST_ROWS + 1)
    return Table(tuple(column[0] for column in cursor.description), tuple(rows))
