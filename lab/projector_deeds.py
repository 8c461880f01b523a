"""Leading the projector on by hand: events applied, projections asleep and awake."""

from lab.actions import Pause, Resume, Run, Step
from lab.faults import finished
from lab.outcome import Applied, Done, Line
from lab.stores import Stores
from lab.targets import named, targets


def run(stores: Stores, action: Step | Run, line: Line) -> Done:
    """Let projections apply events up to their targets; one that is stopped starts again."""
    # Without a target there was no such read model, and done again it has to fail again.
    wanted = line.target if line.target is not None else targets(stores, action) or {}
    for name, checkpoint in stores.checkpoints().items():
        if name in wanted and checkpoint.status == "stopped":
            stores.read.set_status(name, "running")
    progress = stores.apply(wanted, line.n, again=line.again)
    position = max((to for _, to, _, _, _ in progress.applied), default=None)
    return finished(stores, progress, _said_of(stores, wanted, progress.applied), position)


def _said_of(stores: Stores, wanted: dict[str, int], applied: list[Applied]) -> str:
    first, last = min((b[2] for b in applied), default=0) + 1, max((b[1] for b in applied), default=0)
    if applied:
        return f"event #{last} applied" if first == last else f"events #{first} to #{last} applied"
    there = stores.checkpoints()
    stopped = [name for name, checkpoint in there.items() if checkpoint.status == "stopped" and name not in wanted]
    if stopped:
        return f"nothing ran: {stopped[0]} is stopped, and this line starts it again: run {stopped[0]}"
    if there and not wanted:
        return "nothing ran: every read model is asleep, and resume wakes them"
    return "nothing was pending"


def sleep(stores: Stores, action: Pause | Resume, line: Line) -> Done:
    """Send projections to sleep, or wake them."""
    status = "paused" if isinstance(action, Pause) else "running"
    for name in named(stores, action.model):
        stores.read.set_status(name, status)
    stores.remember_models()
    return Done()
