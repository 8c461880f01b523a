"""What the SQL pane shows: what can be asked, an answer or an error with its place, two answers beside each other."""

import re
import time
import zlib
from typing import Any

from lab import questions
from lab.actions import Sql
from lab.asked_before import MOST, Asked, history, names, types
from lab.asked_last import Kept, kept
from lab.carry_out import Answer
from lab.guard import policy
from lab.guard.places import ASIDE
from lab.language import parse
from lab.questions import Pair, Store
from lab.sandbox import Sandbox
from lab.sql_language import FIRST, MOST_CHARS
from web import sql_cells

SHOWN_CHARS = 200

AROUND_CHARS = 60
"""So much of a line stands on either side of an error."""

BOOKKEEPING = {
    "_checkpoint": "How far each read model has come.",
    "_seen": "Which events a read model remembers, where duplicates are looked for.",
    "_parked": "The events that were set aside.",
    "_lines": "The last line of the journal whose rows a read model has kept: so it does nothing twice.",
}
"""What the tables hold that begin with an underscore."""

SIDES: tuple[Store, ...] = ("write", "read")
"""In the order in which a pair is shown: left to right."""


def sheet(sandbox: Sandbox, store: str, text: str | None, answer: Answer | None = None) -> dict[str, Any]:
    """Return what the pane shows; ``text`` is what somebody wants to stand in it.

    Without a new answer, the one that was given last is still there.
    """
    before = history(sandbox)
    last = next((entry.sql for entry in before if entry.store == store), None)
    in_editor = text if text is not None else last or f"SELECT * FROM {FIRST[store]}"
    there = kept(sandbox, "write" if store == "read" else "read")
    seen = shown(answer, text or "") if answer else _as_it_was(kept(sandbox, store), in_editor)
    return {
        "store": store,
        "text": in_editor,
        "given": time.time_ns() if text is not None else None,
        "names": names(sandbox, store),
        "types": types(sandbox, store),
        "bookkeeping": BOOKKEEPING,
        "questions": questions.to(store),
        "pairs": questions.file().pair,
        "history": [_remembered(entry) for entry in before],
        "answer": seen,
        "there": _there(there, seen) if there else None,
        "most_rows": policy.ROWS,
        "most_chars": MOST_CHARS,
        "most_kept": MOST,
    }


def _remembered(entry: Asked) -> dict[str, Any]:
    key = f"{zlib.crc32(f'{entry.store} {entry.sql}'.encode()):x}"
    return {**entry._asdict(), "key": key, "shown": " ".join(entry.sql.split())[:SHOWN_CHARS]}


def _as_it_was(last: Kept | None, in_editor: str) -> dict[str, Any] | None:
    """Return an answer that was given before; its marks belong to the text that was asked."""
    if last is None:
        return None
    seen = shown(last.answer) | {"kept": True, "changed": last.changed, "now": last.now}
    return seen if seen["sql"] == in_editor else seen | {"marks": []}


def _there(last: Kept, here: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what the other store answered last, in short, and whether its rows are the same as here."""
    there = shown(last.answer)
    if there["outcome"] != "done":
        return None
    alike = here is not None and here["outcome"] == "done" and here["rows"] == there["rows"] != []
    short = " ".join(there["sql"].split())[:SHOWN_CHARS]
    return {**there, "short": short, "same": alike, "changed": last.changed}


def shown(answer: Answer, typed: str = "") -> dict[str, Any]:
    """Return an answer as the pane shows it: rows with figures and a plan, or an error with its place.

    What was ``typed`` stands above an answer that has no line in the journal.
    """
    action, found = parse(answer.line) if answer.n else None, answer.result or {}
    sql = action.sql if isinstance(action, Sql) else typed
    seen = {
        "sql": sql,
        "n": answer.n,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "took_ms": answer.took_ms,
        **found,
    }
    if answer.outcome == "done":
        seen["table"] = sql_cells.table(found)
        seen["recursive"] = bool(re.search(r"\brecursive\b", sql, re.IGNORECASE))
        seen["no_row"] = _why_no_row(sql)
    elif place := found.get("place"):
        seen["table_there"] = bool(found.get("stands_in"))
        seen["line"] = _around(sql, place)
        seen["marks"] = [{**place, "length": max(1, len(place["word"])), "said": answer.reason}]
    return seen


OFFSET = re.compile(r"\boffset\s+[^0\s]|\blimit\s+([1-9]\d*)\s*,", re.IGNORECASE)


def _why_no_row(sql: str) -> str:
    """Say why an answer may have no row."""
    plain = ASIDE.sub(" ", sql)
    if re.search(r"\blimit\s+0+\s*(?:;\s*)?$", plain, re.IGNORECASE):
        return "LIMIT 0 takes none"
    if found := OFFSET.search(plain):
        how = f" (in LIMIT {found[1]}, … the first number is the OFFSET)" if found[1] else ""
        return f"nothing in the store fits, or OFFSET skips all that does{how}"
    return "nothing in the store fits, or nothing is there yet"


def _around(sql: str, place: dict[str, Any]) -> tuple[str, str, str]:
    """Return the line of an error in three parts: before the place, what stands there, and what comes behind."""
    line, start = sql.split("\n")[place["line"] - 1], place["column"] - 1
    end = start + max(1, len(place["word"].splitlines()[0] if place["word"] else ""))
    before, behind = line[:start].lstrip(), line[end:]
    if len(before) > AROUND_CHARS:
        before = f"…{before[-AROUND_CHARS:]}"
    return before, line[start:end], behind if len(behind) <= AROUND_CHARS else f"{behind[:AROUND_CHARS]}…"


def compared(sandbox: Sandbox, pair: Pair, write: Answer, read: Answer) -> dict[str, Any]:
    """Return two answers beside each other, and what there is to say of them."""
    answers: dict[Store, Answer] = {"write": write, "read": read}
    sides = {side: {**shown(answers[side]), "sql": pair.sql(side).strip()} for side in SIDES}
    both = write.outcome == read.outcome == "done"
    work = [side.get("work", 0) for side in sides.values()]
    more, alike = SIDES[work.index(max(work))], max(work) < 1.1 * min(work)
    return {
        "pair": pair,
        "sides": sides,
        "both": both,
        "same": both and sides["write"]["rows"] == sides["read"]["rows"],
        "behind": [at for at in (read.result or {}).get("read_at", []) if at["from"] < at["head"]],
        "times": _times(min(work), max(work)),
        "alike": TOO_LITTLE if max(work) < policy.UNIT else ABOUT_ALIKE if alike else MORE.format(more),
        "more": more,
        "most": max(work),
    }


TOO_LITTLE = f"Both took fewer than {policy.UNIT} work units: too little to tell apart."

ABOUT_ALIKE = "It took both stores about the same work."

MORE = "It took the {} store more work."


def _times(less: int, more: int) -> str | None:
    """Say how many times the work more is; None where they are alike. Each was rounded down to whole units."""
    if more < policy.UNIT:
        return None
    if less >= policy.UNIT:
        ratio = more / less
        return None if ratio < 1.1 else f"{f'{ratio:.2g}' if ratio < 100 else f'{ratio:,.0f}'} times"
    at_least = more // (less + 1)
    return f"at least {at_least:,} times" if at_least > 1 else None
