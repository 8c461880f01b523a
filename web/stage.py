"""What a lesson's page draws beside its text: the same stock in both stores, the log between them, the gap."""

import json
from typing import Any

from lab import lessons, standing, trail, xray, xray_read
from lab.lesson_files import Lesson
from lab.lesson_progress import Progress
from lab.sandbox import Sandbox
from web import drawing

MODEL = "product_card"
TAPE = 8
TAPE_ON_A_PHONE = 3


def suits(lesson: Lesson) -> bool:
    """Tell whether a lesson needs no more than this stage: every step of it has a bet or a button that acts."""
    return all(step.button or (step.predict and step.predict.lines) for step in lesson.step)


def lesson(of: Lesson, sandbox: Sandbox, progress: Progress) -> dict[str, Any]:
    """Return what the page of a lesson shows now."""
    with sandbox.still():
        return {**lessons.view(of, sandbox, progress), "stage": stage(sandbox)}


def stage(sandbox: Sandbox) -> dict[str, Any]:
    """Return the stock in both stores, the newest events with the mark, and the gap so far."""
    head = sandbox.head
    at = next((at for at in standing.standings(sandbox) if at.name == MODEL), None)
    position = at.position if at else 0
    events = trail.log_page(sandbox, limit=TAPE)["events"]
    items: list[dict[str, Any]] = []
    for number, event in enumerate(events):
        if event["position"] == position:
            items.append({"mark": True})
        items.append({**event, "waiting": event["position"] > position, "beyond": number >= TAPE_ON_A_PHONE})
    return {
        "head": head,
        "position": position,
        "behind": head - position,
        "beat": head % 2,
        "woke": position == head > standing.head_at_start(sandbox),
        "items": items,
        "earlier": head - len(events),
        "earlier_on_a_phone": max(0, head - TAPE_ON_A_PHONE),
        **_stock(sandbox, pending=position < head),
        **_line(sandbox),
    }


def _stock(sandbox: Sandbox, *, pending: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the stock in both stores; what changed last did so at the left, and once it was applied at the right."""
    touched = {table.name: table for table in xray.write_tables(sandbox)}["stock"]
    names = dict(sandbox.write.connection.execute("SELECT id, name FROM products"))
    write = [
        {
            "id": row.key,
            "name": names[row.key],
            "stock": row.cells[1].value,
            "fresh": row.fresh and pending,
            "stale": False,
        }
        for row in touched.rows
    ]
    table = xray_read.read_tables(sandbox).get(MODEL)
    read = [
        {
            "id": row.key,
            "name": cells["name"].value,
            "stock": cells["in_stock"].value,
            "fresh": row.fresh and not pending,
            "stale": cells["in_stock"].stale,
        }
        for row in (table.rows if table else [])
        for cells in [{cell.column: cell for cell in row.cells}]
    ]
    return {"write": write, "read": read}


def _line(sandbox: Sandbox) -> dict[str, str]:
    """Draw how far the read side was behind, action by action."""
    rows = sandbox.lab.connection.execute("SELECT head, positions FROM samples WHERE n > 0 ORDER BY id").fetchall()
    gaps = [0, *(head - json.loads(positions).get(MODEL, head) for head, positions in rows)]
    slots = max(len(gaps), 8)
    points = [(index / slots, gap) for index, gap in enumerate(gaps)]
    top = max(2, *gaps)
    return {"line": drawing.stairs(points, top), "area": drawing.area(points, top)}
