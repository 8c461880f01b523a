"""What the pages of read models of one's own show, for the visitor's sandbox."""

from typing import Any

from lab import event_guide, own_text, own_view
from lab.guard import policy
from lab.projections import BUILT_IN
from lab.sandbox import Sandbox
from lab.tasks import tasks
from web import progress, visitor
from web.model_answers import parts, task_told
from web.model_typed import Typed


def editor(typed: Typed, wanted: str = "check") -> dict[str, Any]:
    """Return the whole page, with the answer to the button that was pressed."""
    with visitor.look() as sandbox:
        with sandbox.lock:
            standing = own_view.standing_of(sandbox, typed.was)
        answers = parts(sandbox, typed, wanted)
        offered = events(sandbox)
    return {
        "typed": typed,
        "events": offered,
        "params": {event["name"]: _parameters(event) for event in offered["types"]},
        "standing": standing,
        "most": policy.OWN_FILE_CHARS,
        "last": policy.REHEARSED_EVENTS,
        "checked": answers["checked"],
        "dry": answers.get("dry"),
        "truth": answers.get("truth"),
        "task": answers.get("task") or task_told(typed),
    }


def events(sandbox: Sandbox) -> dict[str, Any]:
    """Return the events that a projection can use."""
    with sandbox.lock:
        return {"types": event_guide.guide(sandbox.write.connection)}


def _parameters(event: dict[str, Any]) -> list[str]:
    return [*(field.name for field in event["fields"]), *event_guide.ALSO]


def index(sandbox: Sandbox) -> dict[str, Any]:
    """Return the list of one's own, and what there is to begin with."""
    mine, done = own(sandbox), progress.mine().tasks
    names = {each["name"] for each in mine}
    return {
        "own": mine,
        "tasks": [{"task": task, "done": task.id in done, "own": task.model in names} for task in tasks().values()],
        "built_in": [
            {"name": name, "about": own_text.about(found.source), "why_not": own_text.NO_COPY.get(name)}
            for name, found in BUILT_IN.items()
        ],
        "most": policy.OWN_FILE_CHARS,
    }


def own(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return how each of one's own stands."""
    with sandbox.lock:
        return [found for name in sorted(sandbox.stores.own()) if (found := own_view.standing_of(sandbox, name))]


def standing(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Return how one of one's own stands; None if there is none of that name."""
    with sandbox.lock:
        return own_view.standing_of(sandbox, name)
