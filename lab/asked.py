"""A question to one of the stores in SQL: put to the guard, and what its answer comes to, for people and scripts.

One store at a time: what the read model spares can only be seen where the two cannot be joined.
"""

import re
from pathlib import Path
from typing import Any

from lab import asked_hints, guard, plan
from lab.actions import Sql
from lab.outcome import Done, Line
from lab.own import plain
from lab.plan_reads import Asked, named_in
from lab.state import age
from lab.stores import Stores
from lab.tables import tables

NOT_AGAIN = "not asked again since"

HARDLY_ANY_WORK = 100


def ask(folder: Path, question: Sql, who: str) -> guard.Answer:
    """Ask a store; raise guard.Busy if too many are waiting."""
    files = {"main": folder / f"{question.store}.db"}
    answer = guard.ask(files, question.sql, who)
    if answer.kind == "late" and answer.work < HARDLY_ANY_WORK:
        # The machine was busy elsewhere, or one step takes long: once more tells which.
        answer = guard.ask(files, question.sql, who)
    return asked_hints.told(question, answer)


def done(answer: guard.Answer) -> Done:
    """Return how a question ended, as its line keeps it: never its rows."""
    return Done("done", summary(answer)) if answer.error is None else Done("failed", answer.error)


def keep(stores: Stores, question: Sql, line: Line) -> Done:
    """Keep a line whose answer is not known: it is replayed, or the server died before the answer was noted."""
    return Done(reason=NOT_AGAIN)


def summary(answer: guard.Answer) -> str:
    """Return an answer in a line: 12 rows, 34 work units."""
    rows, units = len(answer.rows), answer.work
    counted = f"{rows:,} {'row' if rows == 1 else 'rows'}"
    return f"{'the first ' if answer.cut else ''}{counted}, {units:,} work {'unit' if units == 1 else 'units'}"


def elsewhere(stores: Stores, question: Sql, answer: guard.Answer) -> tuple[str | None, str | None]:
    """Return the other store, if the question can be asked there, and what to do about a table that stands there."""
    table = missing(answer)
    connections = {"write": stores.write.connection, "read": stores.reader}
    here, there = tables(connections.pop(question.store)), tables(*connections.values())
    if table not in there:
        return None, answer.hint
    [other] = connections
    text = Asked(question.sql)
    named = {name for part in (text.outer, *text.inner) for name, _ in named_in(part)}
    if only_here := sorted(named & {*here} - {*there}):
        return None, asked_hints.of_both_stores(only_here[0], question.store, table, other)
    return other, asked_hints.of_the_other_store(table, other)


def missing(answer: guard.Answer) -> str | None:
    """Return the name of the table that was not found, if that is what is wrong."""
    found = re.fullmatch(r".*no such table: (?:\w+\.)?(\w+)", answer.error or "")
    return found[1] if found else None


def read_at(stores: Stores, question: Sql, before: dict[str, int]) -> list[dict[str, Any]]:
    """Return where the read models stand whose names are in a question: ``before`` it was asked, and now.

    Their age is for how many seconds the first event that they lacked has been waiting.
    """
    words = set(re.findall(r"\w+", question.sql.lower())) if question.store == "read" else set()
    head = stores.write.head()
    return [
        {"model": name, "from": before[name], "to": at.position, "head": head, "status": at.status}
        | {"age": age(stores, before[name])}
        for name, at in stores.checkpoints().items()
        if name in words and name in before
    ]


def result(
    question: Sql,
    answer: guard.Answer,
    elsewhere: tuple[str | None, str | None],
    read_at: list[dict[str, Any]],
    head: int,
) -> dict[str, Any]:
    """Return an answer as JSON can hold it; ``head`` is the position of the newest event when it was given."""
    place, (stands_in, hint) = answer.place, elsewhere
    return {
        "store": question.store,
        "columns": list(answer.columns),
        "types": list(answer.types),
        "rows": [[plain(cell) for cell in row] for row in answer.rows],
        "cut": answer.cut,
        "work": answer.work,
        "took_us": answer.took_us,
        "plan": [step._asdict() for step in plan.steps(answer.plan, question.sql)],
        "place": {"line": place.line, "column": place.column, "word": place.word} if place else None,
        "hint": hint,
        "stands_in": stands_in,
        "read_at": read_at,
        "head": head,
    }
