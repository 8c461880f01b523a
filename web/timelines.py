"""When each of the newest events reached the read models: the times between its commit and its first reader."""

from statistics import median
from typing import Any

from lab import trail
from lab.sandbox import Sandbox
from web import drawing

SLOTS = 60
TRACED = 5
WIDEST = 12
"""The marks of one event are together no wider than one of so many parts of the chart."""


def timelines(sandbox: Sandbox, names: list[str]) -> list[dict[str, Any]]:
    """Return the newest events that were measured, oldest first, each with its times in each read model.

    What a read model was filled with later, as it began after the event, was not late: it has no times here.
    """
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
    ways = {name: trail.Ways(sandbox, name) for name in names}
    for name, after, to, picked_up, applied in batches:
        for position in committed.keys() & range(after + 1, to + 1):
            if name in ways and ways[name].of(position) == "live" and applied >= committed[position]:
                models[position][name] = (picked_up, applied)
    return [
        {
            "position": position,
            "type": types.get(position, ""),
            "received": received,
            "committed": committed[position],
            "models": models[position],
            "ways": {name: way.of(position) for name, way in ways.items()},
        }
        for position, received, _ in rows
    ]


def visible(events: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    """Mark for each event and read model how long it took from the commit until it could be read."""
    took = {
        name: [
            (index, event["models"][name][1] - event["committed"])
            for index, event in enumerate(events)
            if name in event["models"]
        ]
        for name in names
    }
    everything = [value for values in took.values() for _, value in values]
    top = drawing.top_of(max(everything, default=0))
    slot = 1 / max(len(events), WIDEST)
    apart = (1 - slot) / max(len(events) - 1, 1)
    lines = [
        {
            "name": name,
            "marks": [
                drawing.place(index * apart + slot * (turn + 1) / (len(names) + 1), value, top)
                for index, value in values
            ],
            "median": drawing.told(median(value for _, value in values)) if values else None,
        }
        for turn, (name, values) in enumerate(took.items())
    ]
    return {
        "lines": lines,
        "filled": [name for name in names if any(event["ways"][name] == "filled" for event in events)],
        "top": drawing.told(top),
        "half": drawing.told(top / 2),
        "events": len(events),
        "first": events[0]["position"] if events else None,
        "last": events[-1]["position"] if len(events) > 1 else None,
        "worst": drawing.told(max(everything)) if everything else None,
    }


def trace(sandbox: Sandbox, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lay the five times of each event on one line: received, committed, picked up, applied, read."""
    now = sandbox.stores.clock.now()
    reads = trail.first_reads(sandbox, sandbox.projections, [event["position"] for event in events[-TRACED:]])
    rows = [_spans(event, reads.get(event["position"]), now) for event in reversed(events[-TRACED:])]
    longest = max((row["ends"] for row in rows), default=1) or 1
    for row in rows:
        row["bars"] = drawing.bars(row["spans"], longest)
        row["dot"] = drawing.bars([("read", row["read"], row["read"])], longest)[0] if row["read"] else None
    return rows


def _spans(event: dict[str, Any], read: int | None, now: int) -> dict[str, Any]:
    begin = event["received"]
    committed = event["committed"] - begin
    batches = list(event["models"].values())
    waits = "pending" in event["ways"].values()
    picked_up = min((picked for picked, _ in batches), default=max(now, event["committed"])) - begin
    applied = max((applied for _, applied in batches), default=None)
    spans = [("decide", 0, committed)]
    if batches or waits:
        spans.append(("wait", committed, picked_up))
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
        "waited": drawing.told(picked_up - committed) if batches or waits else None,
        "filled": [name for name, way in event["ways"].items() if way == "filled"],
        "applied": drawing.told(applied - begin - picked_up) if applied is not None else None,
        "first_read": drawing.told(read) if read is not None else None,
        "total": drawing.told(applied - begin) if applied is not None else None,
    }
