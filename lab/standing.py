"""Where every projection stands: how far behind the head of the log, and since when."""

from typing import NamedTuple

from lab.clock import from_iso
from lab.sandbox import Sandbox


class Standing(NamedTuple):
    """Where a projection stands; ``since`` is when the oldest event that it has not applied was recorded.

    Nobody waits for what was there before the read model was: then ``since`` is None.
    """

    name: str
    position: int
    behind: int
    status: str
    reason: str | None
    since: int | None


FIRST = ("product_card", "order_list", "sales", "customer_card", "product_search")
"""The read models in the order in which a newcomer meets them; those of one's own follow as they came."""


def standings(sandbox: Sandbox) -> list[Standing]:
    """Return where every projection stands."""
    head, new = sandbox.write.head(), head_at_start(sandbox)
    at = sandbox.stores.checkpoints()
    order = [*FIRST, *sandbox.stores.own()]
    names = sorted(at, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [
        Standing(
            name,
            at[name].position,
            head - at[name].position,
            at[name].status,
            at[name].reason,
            _waiting_since(sandbox, name, at[name].position) if at[name].position >= new else None,
        )
        for name in names
    ]


def head_at_start(sandbox: Sandbox) -> int:
    """Return where the head stood when the sandbox began: what came later is news."""
    row = sandbox.lab.connection.execute("SELECT head FROM samples ORDER BY id LIMIT 1").fetchone()
    return int(row[0]) if row else 0


def _waiting_since(sandbox: Sandbox, name: str, position: int) -> int | None:
    row = sandbox.write.connection.execute(
        "SELECT recorded_at FROM events WHERE position = ?", (position + 1,)
    ).fetchone()
    if row is None:
        return None
    came = from_iso(row[0])
    return came if came >= _begun(sandbox, name) else None


def _begun(sandbox: Sandbox, name: str) -> int:
    """Return when one of the learner's own was made; 0 for the others."""
    if not sandbox.stores.is_own(name):
        return 0
    line = sandbox.lab.begun(name)
    row = sandbox.lab.connection.execute("SELECT at FROM journal WHERE n = ?", (line,)).fetchone()
    return from_iso(row[0]) if row else 0
