"""What a page shows of breaking and mending: guards, the ladder of crash points, incidents, parked events, the code."""

import difflib
import inspect
import json
from typing import Any

from cqrs.read import projector
from lab import books, loose, oracle, stopped, truth_own
from lab.loose import Guards
from lab.oracle import DAMAGE
from lab.own import is_own
from lab.projections import versions_of
from lab.sandbox import Sandbox
from lab.trial_words import what_was_compared
from lab.truth_own import Compared, Unknown

POINT_WORDS = {
    "before_begin": "before BEGIN",
    "after_statement": "a row has changed",
    "after_event": "an event is applied",
    "before_checkpoint": "the checkpoint is still to move",
    "before_commit": "all is ready to commit",
    "after_commit": "all is committed",
}

NEWEST_INCIDENTS = 12

INCIDENT_WORDS = DAMAGE | {
    "crashed": "the projector died (injected) at {point}: {detail}",
    "known": "was delivered once more and left out: {detail}",
    "waited": "came out of order and was not taken",
    "retried": "was parked, and is applied now",
    "stopped": "could not be applied, so the projection stopped: {detail}",
    "split": "was committed in write.db, and the server died before it wrote to read.db",
}


def guards_of(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    """Return the guards of a projection in words, each with whether it is loosened."""
    guards, start = sandbox.stores.settings.guards(name), sandbox.stores.remembered.started_at(name)
    words = [
        ("one transaction", False) if guards.atomic else ("two transactions", True),
        {"position": ("position check", False), "on": ("remembers ids", False), "off": ("no memory", True)}[
            guards.dedupe
        ],
        {"halt": ("halts at poison", False), "skip": ("skips poison", True), "park": ("parks poison", False)}[
            guards.poison
        ],
        ("from #1", False) if start == 0 else (f"from #{start + 1}", True),
    ]
    return [{"words": text, "loose": loosened, "means": MEANS.get(text, MEANS[LATER])} for text, loosened in words]


LATER = "from a later event"

MEANS = {
    "one transaction": "Rows and checkpoint change together: a crash undoes both, or neither.",
    "two transactions": "Rows and checkpoint change one after the other: a crash between them parts the two.",
    "position check": "An event that comes again is known by its position, and left out.",
    "remembers ids": "An event that comes again is known by its id, and left out.",
    "no memory": "An event that comes again is applied again.",
    "halts at poison": "An event that cannot be applied stops the read model until it is mended.",
    "skips poison": "An event that cannot be applied is left out, and lost for the read model.",
    "parks poison": "An event that cannot be applied is set aside with its stream, to be tried again.",
    "from #1": "It was filled from the first event of the log.",
    LATER: "Events before that were never applied here.",
}
"""What each guard does, in a sentence."""


def trouble(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Return what is the matter with a read model, for the line below its name."""
    stores = sandbox.stores
    checkpoint = stores.checkpoints()[name]
    # Only the text of one's own can be wrong though nothing was damaged.
    suspicious = stores.is_own(name) or stores.remembered.started_at(name) > 0 or sandbox.lab.damaged(name, DAMAGE)
    return {
        "guards": guards_of(sandbox, name),
        "armed": stores.settings.crashes().get(name),
        "version": stores.settings.versions().get(name, 1),
        "status": checkpoint.status,
        "stop": stopped.why(checkpoint),
        "parked": stores.once("how many are parked", lambda: books.how_many_parked(stores.read))[name],
        "drift": oracle.drift(stores, name) if suspicious else [],
    }


def projection(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Return everything about breaking and mending one projection; None if it is not there."""
    if name not in sandbox.projections:
        return None
    stores = sandbox.stores
    guards = stores.settings.guards(name)
    position = stores.read.position(name)
    return {
        "name": name,
        "own": stores.is_own(name),
        **trouble(sandbox, name),
        **truth_told(sandbox, name),
        "chosen": guards,
        "position": position,
        "head": sandbox.write.head(),
        "real": stores.clock.kind == "real",
        "ladder": ladder(guards),
        "versions": versions_of(name),
        "waiting": dead_letters(sandbox, name),
        "incidents": incidents(sandbox, name),
        "difference": difference(guards),
    }


def truth_told(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Return what differs from the truth, or why that is not known; of one's own, which columns were compared."""
    stores = sandbox.stores
    found, projection = oracle.judged(stores, name), stores.projection(name)
    if isinstance(found, Unknown):
        return {"drift": [], "unknown": found.why}
    own = truth_own.compared(stores, projection) if projection and is_own(projection) else None
    told = _columns(own) if isinstance(own, Compared) else None
    return {"drift": found, "unknown": None, "compared": told}


def _columns(own: Compared) -> str:
    return what_was_compared(own.seen.columns, own.left_out, ordered=own.truth.ordered)


def ladder(guards: Guards) -> list[dict[str, Any]]:
    """Return the crash points in the order in which they come, each with what a death there leaves."""
    points = list(projector.POINTS)
    if not guards.atomic:
        points.remove("before_checkpoint")
        points.insert(points.index("before_commit") + 1, "before_checkpoint")
    rungs = []
    for point in points:
        rows_kept = points.index(point) > points.index("before_commit")
        moved = point == "after_commit"
        left = "rows and checkpoint kept" if moved else "rows kept, checkpoint lost" if rows_kept else "nothing kept"
        rungs.append({"point": point, "words": POINT_WORDS[point], "left": left, "apart": rows_kept and not moved})
    return rungs


def dead_letters(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    """Return the parked events of a projection with their reason and payload, in order."""
    letters = []
    for entry in books.parked(sandbox.read, name):
        event = sandbox.write.events_after(entry.position - 1, 1)[0]
        letters.append(
            {
                **entry._asdict(),
                "type": event.type,
                "payload": json.loads(event.payload),
                "held": "waits" in entry.reason,
            }
        )
    return letters


def incidents(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    """Return what befell events on their way to a read model, newest first."""
    rows = sandbox.lab.connection.execute(
        "SELECT n, what, first, last, point, kept, detail FROM incidents WHERE projection = ? ORDER BY id DESC LIMIT ?",
        (name, NEWEST_INCIDENTS),
    )
    return [
        {
            "n": n,
            "what": what,
            "events": _named(what, first, last),
            "words": INCIDENT_WORDS[what].format(point=point, detail=detail),
        }
        for n, what, first, last, point, kept, detail in rows
    ]


def _named(what: str, first: int, last: int) -> str:
    if what == "edited":
        return f"as of event #{first}, a row"
    return f"event #{first}" if first == last else f"events #{first} to #{last}"


def difference(guards: Guards) -> list[dict[str, str]]:
    """Return the loose projector as a difference to the correct one, line by line, with the guards as they are."""
    correct = inspect.getsource(projector.project).splitlines()
    loosened = (inspect.getsource(loose.project) + "\n\n" + inspect.getsource(loose.deal_with)).splitlines()
    lines = [line for line in difflib.ndiff(correct, loosened) if not line.startswith("?")]
    return [{"sign": line[0].strip(), "text": line[2:], "note": _note(line, guards)} for line in lines]


def _note(line: str, guards: Guards) -> str:
    if not line.startswith("+"):
        return ""
    return ", ".join(
        f"{guard} is {'on' if value is True else 'off' if value is False else value}"
        for guard in ("atomic", "dedupe", "poison")
        if f"guards.{guard}" in line and (value := getattr(guards, guard)) is not None
    )
