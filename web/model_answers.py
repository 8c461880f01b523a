"""What the buttons of the editor's page are answered: what is to be mended, a dry run, the truth, a task."""

from collections.abc import Callable
from typing import Any

from lab import guard, own_text, own_view, steady, stopped, trial
from lab import progress as standing
from lab.broken import guards_of
from lab.lesson_progress import moment
from lab.make_event import LINES, has_come, line_for
from lab.outcome import CannotDo
from lab.sandbox import Sandbox
from lab.task_trial import log_of, right_answer, truth_of, try_task
from lab.tasks import task_of
from lab.values import quoted
from web import model_verdicts, progress, trust, visitor
from web.model_told import told_hint, told_of
from web.model_typed import Typed

NO_TRUTH = "Nobody wrote how the write store would answer this, so its figures are not compared. A task has them."


def parts(sandbox: Sandbox, typed: Typed, wanted: str) -> dict[str, dict[str, Any]]:
    """Return what is to be mended in a text and, if nothing is, the answer to a button. No lock is held meanwhile."""
    if trust.why_not():
        return {"checked": {"off": True}}
    with sandbox.lock:
        own = sandbox.stores.own()
        saved = own_view.source_of(sandbox, typed.was)
    who = visitor.sandbox_id() or "nobody"
    try:
        checked = own_view.looked_over(typed.model, {name for name in own if name != typed.was}, who)
        checked |= {"named": typed.name, "new": not (typed.was or typed.task)}
        checked["saved"] = None if saved is None else saved.rstrip() == typed.source.rstrip()
        checked["there"] = typed.name if not typed.was and typed.name in own else None
        checked["tried"] = _lived(sandbox, typed) if checked["saved"] else None
        checked["same"] = checked["saved"] and _stands(sandbox, typed)
        stop = _stop(sandbox, typed) if checked["saved"] else None
        checked["marks"] += own_view.stop_marks(typed.source, stop)
    except guard.Busy as busy:
        return {"checked": {"busy": str(busy)}}
    if wanted == "check":
        told = model_verdicts.together(typed, checked["tried"], log_mark(sandbox))
        return {"checked": checked | told | {"again": True}}
    before = task_told(typed) if wanted == "task" else {}
    if checked["findings"]:
        return {"checked": checked, PARTS[wanted]: {**before, "mend": len(checked["findings"])}}
    try:
        answer = ANSWERS[wanted](sandbox, typed, who)
        passed, tried = _passed(answer, checked["tried"]), answer.get("trial")
        log = log_mark(sandbox, tried.head if tried and wanted != "task" else None)
        failed = [entry["said"] for entry in answer.get("entries", []) if entry["passed"] is False]
        checked["marks"] = checked["marks"] or own_view.stop_marks(typed.source, answer.get("stopped"), *failed)
        model_verdicts.keep(typed, JUDGED.get(wanted, wanted), passed, log)
        runs = checked["tried"] if JUDGED.get(wanted, wanted) in model_verdicts.ASKED else passed
        checked["broken"] = bool(tried and "live" in tried.failed)
        return {"checked": checked | model_verdicts.together(typed, runs, log), PARTS[wanted]: answer}
    except guard.Busy as busy:
        checked |= model_verdicts.together(typed, checked["tried"], log_mark(sandbox))
        return {"checked": checked, PARTS[wanted]: {**before, "busy": str(busy)}}


def log_mark(sandbox: Sandbox, position: int | None = None) -> str:
    """Return what tells a log, up to a position, from every other: the hash of its last event covers all before it."""
    with sandbox.lock:
        row = sandbox.write.connection.execute(
            "SELECT hash FROM events WHERE position <= ? ORDER BY position DESC LIMIT 1",
            (sandbox.head if position is None else position,),
        ).fetchone()
    return str(row[0])[:12] if row else ""


def _lived(sandbox: Sandbox, typed: Typed) -> bool | None:
    """Tell whether events have passed through blocks of this text in the read store; None if none has come yet."""
    with sandbox.lock:
        at = sandbox.stores.checkpoints().get(typed.was)
        if at is None or sandbox.stores.own()[typed.was].rstrip() != typed.source.rstrip():
            return None
        if (stop := stopped.why(at)) and stop.cause in ("poison", "slow"):
            return False
        return True if _has_come(sandbox, typed, at.position) else None


def _has_come(sandbox: Sandbox, typed: Typed, position: int) -> bool:
    """Tell whether an event that a text has a block for is in the log, up to a position."""
    projection = own_text.read(typed.name, typed.source)
    return projection is not None and has_come(sandbox.write.connection, projection.on, position)


def _stands(sandbox: Sandbox, typed: Typed) -> bool:
    """Tell whether a read model is in the read store, so that saving its very text would change nothing."""
    with sandbox.lock:
        return typed.was in sandbox.stores.checkpoints()


def _stop(sandbox: Sandbox, typed: Typed) -> str | None:
    """Return why a saved text has stopped: where it is filled beside, or else where it is read."""
    with sandbox.lock:
        beside = next((each for each in standing.beside(sandbox) if each["name"] == typed.was), None)
        if beside and beside["edited"]:
            reason: str | None = beside["stopped"]
            return reason
        at = sandbox.stores.checkpoints().get(typed.was)
    return at.reason if at and at.status == "stopped" else None


def _passed(answer: dict[str, Any], before: bool | None) -> bool | None:
    """Tell whether a text passed what it was just put to; what came before counts where no event was in the log."""
    if "trial" in answer:
        good = bool(answer["trial"].text_good)
        return good if answer["trial"].ran or not good else before
    if answer["refused"] or answer["stopped"]:
        return False
    return True if answer["ran"] else before


def _dry(sandbox: Sandbox, typed: Typed, who: str) -> dict[str, Any]:
    told = own_view.dry_run(typed.model, sandbox.stores.folder / "write.db", who)
    with sandbox.lock:
        ordered = has_come(sandbox.write.connection, ["OrderPlaced"], sandbox.head)
        ran = _has_come(sandbox, typed, told.get("position", 0))
    return {**told, "orders": ordered, "ran": ran, "hint": told_hint(told.get("stopped"))}


def _truth(sandbox: Sandbox, typed: Typed, who: str) -> dict[str, Any]:
    """Try it on the sandbox's log; one that stands in the read store as it was typed is compared with its live rows."""
    task, log = task_of(typed.name), sandbox.stores.folder / "write.db"
    truth, there = truth_of(task) if task else None, _there(sandbox, typed)
    if there is None:
        told = told_of(trial.try_out(typed.model, log, truth, who), log)
    else:
        told = told_of(trial.try_on(there.model, there.log, truth, there.live, who), log, sandbox, there)
    # Where the truth is known, an event that no block is there for can be wanted too: then its figures would differ.
    wanted = {*told["trial"].untried, *(told["trial"].missed if task else ())}
    with sandbox.lock:
        makes = [type for type in LINES if type in wanted and line_for(sandbox.write.connection, type)]
        loosened = [guard["words"] for guard in guards_of(sandbox, typed.was) if guard["loose"]] if there else []
    return {
        **told,
        "no_truth": None if task else NO_TRUTH,
        "makes": makes,
        "loosened": loosened,
        "live": there is not None,
    }


def made_first(sandbox: Sandbox, wanted: str, name: str) -> tuple[str, ...]:
    """Return the lines that a button writes before it tries; none if it only tries."""
    if wanted == REBUILD:
        return f"model rebuild {quoted(name)}", f"run {quoted(name)}"
    with sandbox.lock:
        line = line_for(sandbox.write.connection, FIRST[wanted])
    return (line,) if line else ()


def _there(sandbox: Sandbox, typed: Typed) -> steady.Subject | None:
    with sandbox.lock:
        sandbox.stores.ensure_read()
        try:
            found = steady.subject(sandbox.stores, typed.was)
        except CannotDo:
            return None
    return found if found.model.source.rstrip() == typed.source.rstrip() else None


def _checked_task(sandbox: Sandbox, typed: Typed, who: str) -> dict[str, Any]:
    task = task_of(typed.name)
    assert task is not None
    tried = try_task(task, typed.source, who)
    if tried.good:
        with progress.change() as mine:
            mine.tasks.setdefault(task.id, moment())
    return {**task_told(typed), **told_of(tried, log_of(task))}


def task_told(typed: Typed) -> dict[str, Any]:
    """Return what is shown of a task before it is checked; nothing if the read model belongs to none."""
    task = task_of(typed.name)
    if task is None:
        return {}
    shown = {name: getattr(task, name) for name in task.__struct_fields__}
    by_this = model_verdicts.of(typed, "").get("task")
    return {
        **shown,
        "answer": right_answer(task),
        "done": task.id in progress.mine().tasks,
        "own": typed.was,
        "by_this": by_this,
    }


FIRST = {"orders": "OrderPlaced"} | {f"make-{type}": type for type in LINES}
"""The buttons that record an event of some type before they try."""

REBUILD = "rebuild"
"""The button that fills the live rows anew before it tries again."""

JUDGED = {**{f"make-{type}": "truth" for type in LINES}, REBUILD: "truth"}
"""The buttons that end as another one does."""

PARTS = {"check": "checked", "try": "dry", "orders": "dry", "truth": "truth", "task": "task", **JUDGED}
"""What a button of the editor's page asks for, and the partial that answers."""

ANSWERS: dict[str, Callable[[Sandbox, Typed, str], dict[str, Any]]] = {
    "try": _dry,
    "orders": _dry,
    "truth": _truth,
    "task": _checked_task,
    **dict.fromkeys(JUDGED, _truth),
}
