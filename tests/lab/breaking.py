"""What the tests of broken and mended projectors share: lines that must end as said, and looks at the damage."""

from typing import Any

from cqrs.read.queries import query
from lab import oracle
from lab.carry_out import Answer
from lab.sandbox import Sandbox
from tests.cqrs.oracle import truth
from tests.cqrs.shop import EVERYTHING, Rows


def act(sandbox: Sandbox, *lines: str, ends: str = "") -> Answer:
    """Do lines that must succeed; the last one ends as ``ends`` says, if it says anything."""
    for number, line in enumerate(lines, start=1):
        answer = sandbox.act(line)
        wanted = (ends,) if ends and number == len(lines) else ("accepted", "done")
        assert answer.outcome in wanted, answer
    return answer


def drifted(sandbox: Sandbox, model: str) -> list[tuple[str, str | None, Any, Any, int, str]]:
    """What the oracle finds in a read model: key, column, what it says, what is true, and the cause."""
    return [
        (wrong.key, wrong.column, wrong.says, wrong.truth, wrong.cause.position, wrong.cause.what)
        for wrong in oracle.drift(sandbox.stores, model)
    ]


def units(sandbox: Sandbox, product: str) -> int | None:
    """The units sold of a product, as the read model says; None if it has no row."""
    row = sandbox.read.connection.execute("SELECT sum(units) FROM sales WHERE product_id = ?", (product,)).fetchone()
    return None if row[0] is None else int(row[0])


def checkpoint(sandbox: Sandbox, model: str) -> tuple[int, str, str | None]:
    """Where a projection stands: position, status, reason."""
    at = sandbox.stores.checkpoints()[model]
    return at.position, at.status, at.reason


def statuses(sandbox: Sandbox) -> dict[str, str]:
    """The status of every order that the read model shows."""
    return dict(sandbox.read.connection.execute("SELECT order_id, status FROM order_list ORDER BY order_id"))


def parked(sandbox: Sandbox, model: str) -> list[tuple[int, int]]:
    """Every event that was ever set aside: position, and whether that is resolved."""
    rows = sandbox.read.connection.execute(
        "SELECT position, resolved FROM _parked WHERE projection = ? ORDER BY position", (model,)
    )
    return [(position, resolved) for position, resolved in rows]


def befell(sandbox: Sandbox, model: str) -> list[tuple[str, int, int]]:
    """What befell events on their way, in the order in which it happened: what, first, last."""
    rows = sandbox.lab.connection.execute(
        "SELECT what, first, last FROM incidents WHERE projection = ? ORDER BY id", (model,)
    )
    return [(what, first, last) for what, first, last in rows]


def differing(sandbox: Sandbox, *, but: tuple[str, ...] = ()) -> list[str]:
    """The read models that do not show, row by row, what the write tables say; columns in ``but`` do not count."""
    true = truth(sandbox.write.connection)
    return [name for name in true if _without(but, _shown(sandbox, name)) != _without(but, true[name])]


def _shown(sandbox: Sandbox, name: str) -> Rows:
    projection = sandbox.stores.projection(name)
    assert projection is not None
    return query(sandbox.stores.reader, projection, limit=EVERYTHING).rows


def _without(columns: tuple[str, ...], rows: Rows) -> Rows:
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]
