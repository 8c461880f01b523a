"""The lag chart's three faces: events behind, commit to visible, and the trace of the last events."""

import json
from statistics import median
from typing import Any

from lab import trail
from lab.own_deeds import places
from lab.sandbox import Sandbox
from lab.standing import FIRST, standings
from web import drawing

SECONDS = 60
ACTIONS = 40
POINTS = 150
SLOTS = 60
TRACED = 5


def lag_chart(sandbox: Sandbox) -> dict[str, Any]:
    """Lag as lines, as dots and as a trace, each with its equal in words."""
    names = [at.name for at in standings(sandbox)]
    timelines = _timelines(sandbox)
    return {
        "names": names,
        "looks": _looks(sandbox, names),
        "behind": _behind(sandbox, names),
        "visible": _visible(timelines, names),
        "trace": _trace(sandbox, timelines[-TRACED:]),
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
    lines: list[dict[str, Any]] = []
    worst: list[tuple[float, float]] = []
    for name, lift in zip(names, drawing.lifts(len(names)), strict=True):
        points = [(x, head - positions[name]) for x, head, positions in samples if name in positions]
        most = max((value for _, value in points), default=0)
        now = points[-1][1] if points else 0
        lines.append({"name": name, "path": drawing.stairs(points, top, lift), "now": now, "most": most})
    for x, head, positions in samples:
        worst.append((x, max((head - at for at in positions.values()), default=0)))
    alike: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        alike.setdefault((line["now"], line["most"]), []).append(line["name"])
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


# Commit to visible


def _timelines(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the newest events that were measured, oldest first, each with its times in each read model."""
    rows = sandbox.lab.connection.execute(
        "SELECT position, received_at, committed_at FROM trace ORDER BY position DESC LIMIT ?", (SLOTS,)
    ).fetchall()[::-1]
    if not rows:
        return []
    batches = sandbox.lab.connection.execute(
        "SELECT projection, from_position, to_position, picked_up_at, applied_at FROM applied WHERE to_position >= ?",
        (rows[0][0],),
    ).fetchall()
    types = dict(
        sandbox.write.connection.execute("SELECT position, type FROM events WHERE position >= ?", (rows[0][0],))
    )
    committed = {position: at for position, _, at in rows}
    models: dict[int, dict[str, tuple[int, int]]] = {position: {} for position in committed}
    for name, after, to, picked_up, applied in batches:
        for position in range(max(after + 1, rows[0][0]), to + 1):
            if position in committed and applied >= committed[position]:
                models[position][name] = (picked_up, applied)
    return [
        {
            "position": position,
            "type": types.get(position, ""),
            "received": received,
            "committed": committed[position],
            "models": models[position],
        }
        for position, received, _ in rows
    ]


def _visible(timelines: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    took = {
        name: [
            (index, event["models"][name][1] - event["committed"])
            for index, event in enumerate(timelines)
            if name in event["models"]
        ]
        for name in names
    }
    everything = [value for values in took.values() for _, value in values]
    top = drawing.top_of(max(everything, default=0))
    slots = max(len(timelines), 12)
    lines = [
        {
            "name": name,
            "path": drawing.dots(
                [((index + (place + 1) / (len(names) + 1)) / slots, value) for index, value in values], top
            ),
            "median": drawing.told(median(value for _, value in values)) if values else None,
        }
        for place, (name, values) in enumerate(took.items())
    ]
    return {
        "lines": lines,
        "top": drawing.told(top),
        "half": drawing.told(top / 2),
        "events": len(timelines),
        "first": timelines[0]["position"] if timelines else None,
        "last": timelines[-1]["position"] if timelines else None,
        "worst": drawing.told(max(everything)) if everything else None,
    }


# Trace


def _trace(sandbox: Sandbox, timelines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay the five times of each event on one line: received, committed, picked up, applied, read."""
    now = sandbox.stores.clock.now()
    reads = trail.first_reads(sandbox, sandbox.projections, [event["position"] for event in timelines])
    rows = [_spans(event, reads.get(event["position"]), now) for event in reversed(timelines)]
    longest = max((row["ends"] for row in rows), default=1) or 1
    for row in rows:
        row["bars"] = drawing.bars(row["spans"], longest)
        row["dot"] = drawing.bars([("read", row["read"], row["read"])], longest)[0] if row["read"] else None
    return rows


def _spans(event: dict[str, Any], read: int | None, now: int) -> dict[str, Any]:
    begin = event["received"]
    committed = event["committed"] - begin
    batches = list(event["models"].values())
    picked_up = (min(picked for picked, _ in batches) if batches else max(now, event["committed"])) - begin
    applied = max((applied for _, applied in batches), default=None)
    spans = [("decide", 0, committed), ("wait", committed, picked_up)]
    if applied is not None:
        spans.append(("apply", picked_up, applied - begin))
    read = read - begin if read is not None and applied is not None else None
    ends = max(end for _, _, end in spans)
    return {
        "position": event["position"],
        "type": event["type"],
        "spans": spans,
        "read": read if read is not None and read <= ends * 3 else None,
        "ends": max(ends, read or 0) if read is not None and read <= ends * 3 else ends,
        "decided": drawing.told(committed),
        "waited": drawing.told(picked_up - committed),
        "applied": drawing.told(applied - begin - picked_up) if applied is not None else None,
        "first_read": drawing.told(read) if read is not None else None,
        "total": drawing.told(applied - begin) if applied is not None else None,
    }
