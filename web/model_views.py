"""What the pages of read models of one's own show, for the visitor's sandbox."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lab import event_guide, guard, own_text, own_view, trial
from lab.guard import Model, policy
from lab.lesson_progress import moment
from lab.sandbox import Sandbox
from lab.stores import BUILT_IN
from lab.tasks import Task, right_answer, tasks, truth_of, try_task
from lab.trial import Trial
from web import progress, trust, visitor

BLANK = "my_orders"
FIELDS = ("name", "was", "began", "task")
NAME_CHARS = 200
LINE_END = re.compile("\r\n?")

NO_TRUTH = "Nobody wrote how the write store would answer this, so its figures are not compared. A task has them."


class Typed(NamedTuple):
    """What stands in the editor: a name and a text, which of one's own it was, and what it began with.

    ``given`` is what was typed and sent; what a page begins with gives way to a draft in the browser.
    """

    name: str
    source: str
    was: str = ""
    began: str = ""
    task: str = ""
    given: bool = False

    @property
    def draft(self) -> str:
        """The name under which the browser keeps what is typed."""
        return f"model {self.was}" if self.was else " ".join(filter(None, ("new model", self.task, self.began)))

    @property
    def model(self) -> Model:
        """What the guard is given."""
        return Model(self.name, self.source)


def typed(form: Mapping[str, str]) -> Typed:
    """Read the form of the editor."""
    source = LINE_END.sub("\n", form.get("source", ""))
    fields = {name: form.get(name, "").strip()[:NAME_CHARS] for name in FIELDS}
    return Typed(source=source, given=True, **{**fields, "name": fields["was"] or fields["name"]})


def beginning(sandbox: Sandbox, copy: str, task: str) -> Typed | None:
    """Return what a new read model begins with; None if there is nothing of that name to copy."""
    with sandbox.lock:
        own = sandbox.stores.own()
    taken = {*BUILT_IN, *own}
    if task:
        found = tasks().get(task)
        return Typed(found.model, found.start, task=task) if found else None
    if not copy:
        name = own_text.free(BLANK, taken)
        return Typed(name, own_text.starter(name))
    if copy not in taken or copy in own_text.NO_COPY:
        return None
    name = own_text.free(copy if copy in own else f"my_{copy}", taken)
    source = own[copy] if copy in own else BUILT_IN[copy].source
    return Typed(name, own_text.copied(source, name), began=copy)


def editor(typed: Typed, wanted: str = "check") -> dict[str, Any]:
    """Return the whole page, with the answer to the button that was pressed."""
    with visitor.look() as sandbox:
        with sandbox.lock:
            events = event_guide.guide(sandbox.write.connection)
            standing = own_view.standing_of(sandbox, typed.was)
        answers = parts(sandbox, typed, wanted)
    return {
        "typed": typed,
        "events": events,
        "params": {event["name"]: _parameters(event) for event in events},
        "standing": standing,
        "most": policy.OWN_FILE_CHARS,
        "last": policy.REHEARSED_EVENTS,
        "checked": answers["checked"],
        "dry": answers.get("dry"),
        "truth": answers.get("truth"),
        "task": answers.get("task") or _task(typed),
    }


def _parameters(event: dict[str, Any]) -> list[str]:
    return [*(field.name for field in event["fields"]), *event_guide.ALSO]


def parts(sandbox: Sandbox, typed: Typed, wanted: str) -> dict[str, dict[str, Any]]:
    """Return what is to be mended in a text and, if nothing is, the answer to a button. No lock is held meanwhile."""
    if trust.why_not():
        return {"checked": {"off": True}}
    with sandbox.lock:
        own = sandbox.stores.own()
        saved = own_view.source_of(sandbox, typed.was)
    who, write_db = visitor.sandbox_id() or "nobody", sandbox.stores.folder / "write.db"
    try:
        checked = own_view.looked_over(typed.model, {name for name in own if name != typed.was}, who)
        checked["saved"] = None if saved is None else saved.rstrip() == typed.source.rstrip()
    except guard.Busy as busy:
        return {"checked": {"busy": str(busy)}}
    if wanted == "check":
        return {"checked": checked}
    if checked["findings"]:
        return {"checked": checked, PARTS[wanted]: {**_before(typed, wanted), "mend": len(checked["findings"])}}
    try:
        return {"checked": checked, PARTS[wanted]: ANSWERS[wanted](typed, write_db, who)}
    except guard.Busy as busy:
        return {"checked": checked, PARTS[wanted]: {**_before(typed, wanted), "busy": str(busy)}}


def _before(typed: Typed, wanted: str) -> dict[str, Any]:
    return _task(typed) if wanted == "task" else {}


def _dry(typed: Typed, write_db: Path, who: str) -> dict[str, Any]:
    return own_view.dry_run(typed.model, write_db, who)


def _truth(typed: Typed, write_db: Path, who: str) -> dict[str, Any]:
    task = task_of(typed.name)
    tried = trial.try_out(typed.model, write_db, truth_of(task) if task else None, who)
    return {**_told(tried), "no_truth": None if task else NO_TRUTH}


def _told(tried: Trial) -> dict[str, Any]:
    entries = sorted(tried.tried, key=lambda entry: entry.passed is not False)
    return {"trial": tried, "entries": [entry for entry in entries if (entry.name, entry.passed) != ("file", True)]}


def _checked_task(typed: Typed, write_db: Path, who: str) -> dict[str, Any]:
    task = task_of(typed.name)
    assert task is not None
    tried = try_task(task, typed.source, who)
    if tried.good:
        with progress.change() as mine:
            mine.tasks.setdefault(task.id, moment())
    return {**_task(typed), **_told(tried)}


def task_of(name: str) -> Task | None:
    """Return the task whose read model is called like that; None if there is none."""
    return next((task for task in tasks().values() if task.model == name), None)


def _task(typed: Typed) -> dict[str, Any]:
    """Return what is shown of a task before it is checked; nothing if the read model belongs to none."""
    task = task_of(typed.name)
    if task is None:
        return {}
    shown = {name: getattr(task, name) for name in task.__struct_fields__}
    return {**shown, "answer": right_answer(task), "done": task.id in progress.mine().tasks}


PARTS = {"check": "checked", "try": "dry", "orders": "dry", "truth": "truth", "task": "task"}
"""What a button of the editor's page asks for, and the partial that answers."""

ANSWERS: dict[str, Callable[[Typed, Path, str], dict[str, Any]]] = {
    "try": _dry,
    "orders": _dry,
    "truth": _truth,
    "task": _checked_task,
}


# The list


def index(sandbox: Sandbox) -> dict[str, Any]:
    """Return the list of one's own, and what there is to begin with."""
    with sandbox.lock:
        names = sorted(sandbox.stores.own())
        own = [own_view.standing_of(sandbox, name) for name in names]
    done = progress.mine().tasks
    return {
        "own": own,
        "tasks": [{"task": task, "done": task.id in done, "own": task.model in names} for task in tasks().values()],
        "built_in": [
            {"name": name, "about": own_text.about(found.source), "why_not": own_text.NO_COPY.get(name)}
            for name, found in BUILT_IN.items()
        ],
        "most": policy.OWN_FILE_CHARS,
    }


def standing(sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    """Return how one of one's own stands; None if there is none of that name."""
    with sandbox.lock:
        return own_view.standing_of(sandbox, name)
