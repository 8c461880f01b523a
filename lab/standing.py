"""Where every projection stands: how far behind the head of the log, and since when."""

import json
from collections.abc import Sequence
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


def standings(sandbox: Sandbox) -> Sequence[Standing]:
    """Return where every projection stands."""
    return sandbox.stores.once("the standings", lambda: _standings(sandbox))


def _standings(sandbox: Sandbox) -> list[Standing]:
    head, at = sandbox.head, sandbox.stores.checkpoints()
    came = _came(sandbox, {checkpoint.position + 1 for checkpoint in at.values()})
    order = [*FIRST, *sandbox.stores.own()]
    names = sorted(at, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [
        Standing(
            name,
            at[name].position,
            head - at[name].position,
            at[name].status,
            at[name].reason,
            _since(sandbox, name, at[name].position, came.get(at[name].position + 1)),
        )
        for name in names
    ]


def head_at_start(sandbox: Sandbox) -> int:
    """Return where the head stood when its learner came: what was prepared is no news."""
    return int(sandbox.lab.setting("setup_head", "0"))


def _came(sandbox: Sandbox, positions: set[int]) -> dict[int, int]:
    """Return when these events were recorded, those of them that came after the start."""
    rows = sandbox.write.connection.execute(
        "SELECT position, recorded_at FROM events WHERE position > ? AND position IN (SELECT value FROM json_each(?))",
        (head_at_start(sandbox), json.dumps(sorted(positions))),
    )
    return {position: from_iso(recorded_at) for position, recorded_at in rows}


def _since(sandbox: Sandbox, name: str, position: int, came: int | None) -> int | None:
    return came if position >= sandbox.stores.remembered.filled_to(name) else None
