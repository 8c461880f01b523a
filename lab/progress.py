"""How far a rebuild has come, beside or in place, and which read model is slow: what a page shows of it."""

from typing import Any

from lab import limits, stopped
from lab.beside import not_yet
from lab.clock import SECOND
from lab.sandbox import Sandbox


def marks(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Return what is said beside a read model's name: the goal of a rebuild in place, and a delay of its own."""
    stores = sandbox.stores
    return {
        "rebuilt_to": stores.rebuilding().get(name),
        "slow": stores.settings.delays().get(name),
        "is_beside": name in stores.next.standing(),
    }


def beside(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return how each read model stands that is built again beside, or whose old one is kept there."""
    stores, head, live = sandbox.stores, sandbox.head, sandbox.stores.positions()
    standing = stores.next.standing()
    return [
        {
            "name": name,
            "switched": standing[name]["stage"] == "switched",
            "lost": standing[name]["lost"],
            "edited": "text" in standing[name],
            "position": green.position,
            "live": live[name],
            "head": head,
            "stopped": green.reason if green.status == "stopped" else None,
            "stop": stopped.why(green),
            "not_yet": (waits := not_yet(stores, name)),
            "follows": waits is None and head - green.position <= limits.FILL_BATCH_EVENTS,
            "moves": (moves := stores.clock.kind == "real" and green.status != "stopped"),
            **_pace(standing[name]["fills"], head - green.position, measured=moves),
        }
        for name, green in sorted(stores.next.checkpoints().items())
    ]


def _pace(fills: list[list[int]], pending: int, *, measured: bool) -> dict[str, float | None]:
    """Return the events a second over the last fills, and the seconds left; None where there is nothing to measure."""
    if not measured or not pending or len(fills) < 2 or fills[-1][0] <= fills[0][0]:
        return {"rate": None, "left": None}
    (began, first), (ended, last) = fills[0], fills[-1]
    rate = (last - first) * SECOND / (ended - began)
    return {"rate": rate, "left": pending / rate}
