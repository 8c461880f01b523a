"""What a store answered last, kept until it answers again; and whether that store has changed since."""

import json
from typing import Any, NamedTuple

from lab import asked
from lab.actions import Sql
from lab.carry_out import Answer
from lab.language import parse
from lab.sandbox import Sandbox

OTHERWISE = {
    "write": ("index",),
    "read": ("model", "patch", "redeliver", "reorder", "retry", "dual"),
}
"""The lines that change a store though its position need not move."""


class Kept(NamedTuple):
    """An answer as it was given; if the store has ``changed`` since, ``now`` says where it stands now."""

    answer: Answer
    changed: bool
    now: dict[str, int]


def kept(sandbox: Sandbox, store: str) -> Kept | None:
    """Return the answer to what a store was asked last; None if there is none, or it found no room."""
    row = sandbox.lab.connection.execute(LAST, {"store": store, "lines": f"sql {store} %"}).fetchone()
    if row is None:
        return None
    n, line, outcome, reason, took_us, text = row
    question, found = parse(line), {**json.loads(text), "took_us": took_us}
    assert isinstance(question, Sql)
    positions = sandbox.stores.positions()
    now = _now(sandbox, store, found, positions)
    changed = now != _then(sandbox, n, found) or _changed_otherwise(sandbox, store, n)
    if not changed:
        found |= {"read_at": asked.read_at(sandbox.stores, question, positions), "head": sandbox.head}
    answer = Answer(line, outcome, reason, n=n, took_ms=took_us / 1000, result=found)
    return Kept(answer, changed, now if store == "write" or found["read_at"] else {})


LAST = """
SELECT n, line, outcome, reason, took_us, result
FROM answers JOIN journal USING (n)
WHERE store = :store AND n = (SELECT max(n) FROM journal WHERE line LIKE :lines)
"""


def _now(sandbox: Sandbox, store: str, found: dict[str, Any], positions: dict[str, int]) -> dict[str, int]:
    """Return where the store stands, as far as the question named what moves."""
    if store == "write":
        return {"log": sandbox.head}
    named = [at["model"] for at in found["read_at"]]
    return {name: at for name, at in positions.items() if not named or name in named}


def _then(sandbox: Sandbox, n: int, found: dict[str, Any]) -> dict[str, int] | None:
    """Return where it stood when it was asked; None if it moved meanwhile, or nobody knows any more."""
    if found["store"] == "write":
        return {"log": found["head"]}
    if found["read_at"]:
        moved = any(at["from"] != at["to"] for at in found["read_at"])
        return None if moved else {at["model"]: at["to"] for at in found["read_at"]}
    sample = sandbox.lab.connection.execute("SELECT positions FROM samples WHERE n = ?", (n,)).fetchone()
    positions: dict[str, int] | None = json.loads(sample[0]) if sample else None
    return positions


def _changed_otherwise(sandbox: Sandbox, store: str, n: int) -> bool:
    found = sandbox.lab.connection.execute(SINCE, (n, json.dumps(OTHERWISE[store]))).fetchone()
    return bool(found[0])


SINCE = """
SELECT EXISTS (
    SELECT 1 FROM journal
    WHERE n > ? AND outcome <> 'failed' AND (
        outcome IN ('crashed', 'stopped')
        OR substr(line, 1, instr(line || ' ', ' ') - 1) IN (SELECT value FROM json_each(?))
    )
)
"""
