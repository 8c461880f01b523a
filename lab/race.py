"""Two shoppers, one rug: their steps in the order that was asked for, taken for real in a shop of its own.

What a sandbox keeps of a race is one setting: the way, and the steps so far. What they come to is found
out by taking them again, on a scratch write store that is thrown away afterwards.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lab.fault_actions import Race
from lab.outcome import Done, Line
from lab.race_stage import NAMES, RUGS, WAYS, Stage
from lab.stores import Stores


def race(stores: Stores, action: Race, line: Line) -> Done:
    """Begin a race, or let a shopper take the next step, and tell how it stands."""
    way, steps = kept(stores)
    if action.step in WAYS:
        way, steps = action.step, action.steps
    else:
        steps = (*steps, action.step)
    result = run(way, steps)
    return Done(reason=result["said"], result=result, settings={"race": " ".join((way, *steps))})


def kept(stores: Stores) -> tuple[str, tuple[str, ...]]:
    """Return the way and the steps of the race that a sandbox keeps."""
    way, *steps = stores.journal.setting("race", "read_then_write").split()
    return way, tuple(steps)


def run(way: str, steps: Sequence[str]) -> dict[str, Any]:
    """Take these steps, and return the timeline, who can do what next, and the verdict of the scratch store.

    Raise CannotDo at a step that nobody can take.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        stage = Stage(Path(folder) / "write.db", way, opened)
        stage.play(steps)
        verdict = {"over": stage.over(), **stage.stand()}
        return {
            "way": way,
            "steps": list(steps),
            "rows": stage.rows,
            "next": stage.choices(),
            "verdict": verdict,
            "said": _in_words(verdict) if verdict["over"] else _so_far(stage.rows),
        }


def _so_far(rows: list[dict[str, Any]]) -> str:
    return f"{NAMES[rows[-1]['who']]} {rows[-1]['said']}" if rows else f"two shoppers, {RUGS} rug: who looks first?"


def _in_words(verdict: dict[str, Any]) -> str:
    buyers = [order["customer"] for order in verdict["orders"]]
    stock = f"the stock says {verdict['stock']}"
    if verdict["oversold"]:
        return f"oversold by {verdict['oversold']}: {' and '.join(buyers)} were told yes for {RUGS} rug, and {stock}"
    others = [name for name in NAMES.values() if name not in buyers]
    return f"sold once: {' and '.join(buyers)} was told yes, {' and '.join(others)} no, and {stock}"
