"""A rebuild beside (blue/green): a new one fills while readers read the old one, and a switch exchanges the two.

Blue is the read model in read.db, which readers read. Green stands in read.next.db and is filled from event 1.
"""

import json

from cqrs.read.projection import Projection
from cqrs.read.store import Checkpoint
from lab.actions import Model
from lab.books import begin_again
from lab.exchange import exchange, is_begun, is_replaced, replace
from lab.next_db import BEGUN, Standing
from lab.outcome import CannotDo, Done, Line
from lab.stores import Stores
from lab.values import closest

FILLS_REMEMBERED = 8


def beside(stores: Stores, action: Model, line: Line) -> Done:
    """Begin a rebuild beside, fill it, switch, or give up one of the two."""
    act = {"rebuild": _begin, "fill": _fill, "switch": _switch, "cancel": _cancel, "drop": _drop_old}[action.act]
    return act(stores, action, line)


def fill_target(stores: Stores, action: Model) -> dict[str, int]:
    """Return the position that a fill goes to; raise CannotDo if nothing is being filled."""
    position, head = _green(stores, action.name).position, stores.write.head()
    return {action.name: min(position + (action.events or head), head)}


def _begin(stores: Stores, action: Model, line: Line) -> Done:
    name, standing = action.name, stores.next.standing()
    if name in standing and standing[name]["stage"] == "filling":
        raise CannotDo(f"{name} is being filled beside already; this line gives that up: model cancel {name}")
    if name in standing:
        raise CannotDo(f"the old {name} still stands beside; this line lets it go: model drop {name} old=yes")
    begun = anew(stores, _projection(stores, name))
    said = f"{name} begins beside, in read.next.db, from event 1; readers go on reading the one in read.db"
    return Done(reason=said, settings=noted(standing | {name: begun}))


def anew(stores: Stores, projection: Projection, text: str | None = None) -> Standing:
    """Make a read model beside, empty, whatever stood there; ``text`` is that of an edit."""
    stores.next.discard(projection)
    begun = stores.next.begin(projection, text)
    begin_again(stores.next.store(), projection.name)
    return begun


def _projection(stores: Stores, name: str) -> Projection:
    if name == "all":
        raise CannotDo("beside goes one read model at a time; for example: model rebuild sales beside=yes")
    projection = stores.projection(name)
    if projection is None or name not in stores.checkpoints():
        raise CannotDo(f"there is no read model {name}; {closest(name, stores.checkpoints() or stores.known())}")
    return projection


def _projection_beside(stores: Stores, name: str) -> Projection:
    found = stores.next.projection(name)
    if found is None:
        raise CannotDo(f"{name} cannot be filled: its text cannot be read; this line gives it up: model cancel {name}")
    return found


def _green(stores: Stores, name: str) -> Checkpoint:
    """Return the checkpoint of the one that is being filled; raise CannotDo if there is none."""
    stage, found = _stage(stores, name), stores.next.checkpoints().get(name)
    if stage == "switched":
        raise CannotDo(f"what stands beside is the old {name}: it is kept as it was, and nothing fills it")
    if found is None:
        raise CannotDo(f"{name} has nothing beside; this line begins it: model rebuild {name} beside=yes")
    return found


def _stage(stores: Stores, name: str) -> str | None:
    standing = stores.next.standing().get(name)
    return standing["stage"] if standing else None


def _fill(stores: Stores, action: Model, line: Line) -> Done:
    name, standing = action.name, stores.next.standing()
    before, projection = _green(stores, name).position, _projection_beside(stores, name)
    goal = (line.target or fill_target(stores, action))[name]
    green = stores.next.store()
    if _green(stores, name).status == "stopped":
        green.set_status(name, "running")
    if goal > before:
        stores.next.fill(projection, stores.write.events_after, goal - before, stores.turn)
    after = _green(stores, name)
    if after.position > before:
        fills = [*standing[name]["fills"], [stores.clock.now(), after.position]]
        standing[name] = {**standing[name], "fills": fills[-FILLS_REMEMBERED:]}
    if after.status == "stopped":
        said = f"{name} stopped beside at {after.reason}"
        if "text" in standing[name]:
            said += f"; readers go on reading the one there was. Mend the text, or give it up: model cancel {name}"
        return Done("stopped", said, after.position, settings=noted(standing))
    return Done(reason=_filled(before, after.position), position=after.position, settings=noted(standing))


def _filled(before: int, after: int) -> str:
    if after == before:
        return "nothing was pending beside"
    return (
        f"event #{after} applied beside" if after == before + 1 else f"events #{before + 1} to #{after} applied beside"
    )


def _switch(stores: Stores, action: Model, line: Line) -> Done:
    name, standing = action.name, stores.next.standing()
    stage = _stage(stores, name)
    if stage and "text" in standing[name]:
        return _put_in_place(stores, name, line)
    if not (line.again and is_begun(stores, line.n)):
        if stage is None:
            _green(stores, name)
        reason = not_yet(stores, name)
        if reason is not None:
            raise CannotDo(reason)
    exchange(stores, _projection(stores, name), line.n)
    known_from = stores.remembered.started_at(name)
    seen = max(stores.positions()[name], stores.next.checkpoints()[name].position)
    models = stores.remembered.beginning_again(name, standing[name]["from"], seen)
    stores.journal.forget_applied(name)
    standing[name] = {**BEGUN, "stage": "filling" if stage == "switched" else "switched", "from": known_from}
    return Done(
        reason=_switched(stores, name, back=stage == "switched"),
        position=stores.positions()[name],
        settings={**noted(standing), "models": models},
    )


def _put_in_place(stores: Stores, name: str, line: Line) -> Done:
    """Let what another text made take the place of what is read; the old one goes, and the text is the deployed one."""
    standing = stores.next.standing()
    text = standing.pop(name)["text"]
    if not (line.again and is_replaced(stores, name, line.n)):
        reason = not_yet(stores, name)
        if reason is not None:
            raise CannotDo(reason)
        replace(stores, name, line.n)
    stores.next.discard(_projection(stores, name))
    at = stores.positions()[name]
    stores.journal.forget_applied(name)
    return Done(
        reason=f"readers read what the new text made, as of #{at}; undo brings the old one back",
        position=at,
        settings={
            **noted(standing),
            "models": stores.remembered.beginning_again(name, 0, at),
            "own": json.dumps({**stores.own(), name: text}),
        },
    )


def not_yet(stores: Stores, name: str) -> str | None:
    """Say why the two cannot be switched now; None if they can. Back to the old one it goes at any time."""
    green, blue = stores.next.checkpoints()[name].position, stores.positions()[name]
    if _stage(stores, name) == "switched" or green >= blue:
        return None
    return f"{name} beside stands at #{green} and the live one at #{blue}: fill it first"


def _switched(stores: Stores, name: str, *, back: bool) -> str:
    now, aside = stores.positions()[name], stores.next.checkpoints()[name].position
    if back:
        return f"readers read the old {name} again, as of #{now}; the new one stands beside, at #{aside}"
    return f"readers read the new {name}, as of #{now}; the old one is kept beside, as of #{aside}"


def _cancel(stores: Stores, action: Model, line: Line) -> Done:
    standing = stores.next.standing()
    if _stage(stores, action.name) == "switched":
        raise CannotDo(f"the switch has been made; this line goes back first: model switch {action.name}")
    return _let_go(stores, action.name, standing, f"given up: readers never saw it, and read {action.name} as before")


def _drop_old(stores: Stores, action: Model, line: Line) -> Done:
    standing = stores.next.standing()
    if _stage(stores, action.name) == "filling":
        raise CannotDo(
            f"{action.name} has not been switched; this line gives up what is beside: model cancel {action.name}"
        )
    return _let_go(stores, action.name, standing, f"the old {action.name} is gone; there is no way back but a rebuild")


def _let_go(stores: Stores, name: str, standing: dict[str, Standing], said: str) -> Done:
    if name not in standing:
        raise CannotDo(f"{name} has nothing beside; this line begins it: model rebuild {name} beside=yes")
    stores.next.discard(_projection(stores, name))
    del standing[name]
    return Done(reason=said, settings=noted(standing))


def noted(standing: dict[str, Standing]) -> dict[str, object]:
    """Return what stands beside as a setting of lab.db."""
    return {"beside": json.dumps(standing)}
