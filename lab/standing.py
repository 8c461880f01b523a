"""Where every projection stands: how far behind the head of the log, and since when."""

from typing import NamedTuple

from lab.clock import from_iso
from lab.sandbox import Sandbox


class Standing(NamedTuple):
    """Where a projection stands; ``since`` is when the oldest event that it has not applied was recorded."""

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
    head = sandbox.write.head()
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
            _waiting_since(sandbox, at[name].position),
        )
        for name in names
    ]


def _waiting_since(sandbox: Sandbox, position: int) -> int | None:
    row = sandbox.write.connection.execute(
        "SELECT recorded_at FROM events WHERE position = ?", (position + 1,)
    ).fetchone()
    return from_iso(row[0]) if row else None
