"""The lag chart's three faces: events behind, commit to visible, and the trace of the last events."""

import json
from typing import Any

from lab.own_deeds import places
from lab.sandbox import Sandbox
from lab.standing import FIRST, standings
from web import drawing, timelines

SECONDS = 60
ACTIONS = 40
POINTS = 150


def lag_chart(sandbox: Sandbox) -> dict[str, Any]:
    """Lag as lines, as dots and as a trace, each with its equal in words."""
    names = [at.name for at in standings(sandbox)]
    events = timelines.timelines(sandbox, names)
    return {
        "names": names,
        "looks": _looks(sandbox, names),
        "behind": _behind(sandbox, names),
        "visible": timelines.visible(events, names),
        "trace": timelines.trace(sandbox, events),
    }


def _looks(sandbox: Sandbox, names: list[str]) -> dict[str, int]:
    """Number the looks of the lines, which stay whatever else is added, dropped or deleted."""
    own = {name: len(FIRST) + place for name, place in places(sandbox.stores).items()}
    known = {name: number for number, name in enumerate(FIRST)} | own
    return {name: known.get(name, len(known)) for name in names}


# Events behind the head


def _behind(sandbox: Sandbox, names: list[str]) -> dict[str, Any]:
    samples, span = _samples(sandbox)
    largest = max((head - at for _, head, positions in samples for at in positions.values()), default=0)
    top = drawing.top_of(largest)
    paths = drawing.shared(
        {name: [(x, head - positions[name]) for x, head, positions in samples if name in positions] for name in names},
        top,
    )
    lines: list[dict[str, Any]] = []
    alike: dict[tuple[int, int], list[str]] = {}
    ends: dict[int, int] = {}
    for name in names:
        values = [head - positions[name] for _, head, positions in samples if name in positions] or [0]
        now, most = values[-1], max(values)
        ends[now] = ends.get(now, 0) + 1
        lines.append({"name": name, "path": paths[name], "end": drawing.place(1, now, top)[1], "rank": ends[now]})
        alike.setdefault((now, most), []).append(name)
    worst = [(x, max((head - at for at in positions.values()), default=0)) for x, head, positions in samples]
    return {
        "lines": lines,
        "alike": [(len(alike) == 1, names, now, most) for (now, most), names in alike.items()],
        "top": top,
        "area": drawing.area(worst, top),
        "span": span,
        "largest": largest,
    }


def _samples(sandbox: Sandbox) -> tuple[list[tuple[float, int, dict[str, int]]], str]:
    """Return where everything stood lately: (0 to 1 across the chart, head, positions), and what the chart spans."""
    ask = sandbox.lab.connection.execute
    if sandbox.stores.clock.kind == "real":
        now = sandbox.stores.clock.now()
        begin, length, column = now - SECONDS * 1_000_000, SECONDS * 1_000_000, "at"
        span = f"last {SECONDS} s"
    else:
        newest = ask("SELECT max(n) FROM samples").fetchone()[0] or 0
        begin, column = max(newest - ACTIONS, 0), "n"
        length = max(newest, 0) - begin + 1
        span = f"last {ACTIONS} actions" if begin else "your first line"
    first, count = ask(f"SELECT min(id), count(*) FROM samples WHERE {column} > ?", (begin,)).fetchone()
    if first is None:
        # Nothing happened in this while: what it stands at, and not how it came to that.
        first, count = ask("SELECT coalesce(max(id), 0) + 1, 1 FROM samples").fetchone()
    rows = ask(
        f"SELECT {column}, head, positions FROM samples WHERE id >= ? AND (id - ?) % ? = 0"
        " OR id = (SELECT max(id) FROM samples) ORDER BY id",
        (max(first - 1, 0), first - 1, count // POINTS + 1),
    )
    return [(min(max((at - begin) / length, 0), 1), head, json.loads(told)) for at, head, told in rows], span
